using System.Text;
using Berth.Client.Crypto;
using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Registries;
using Berth.Server.Cryptography;

namespace Berth.Server.Secrets;

/// <summary>Opens a sealed box and stores its value under envelope encryption, within the limits of its level.</summary>
internal sealed class PutSecret(Db db, SecretKeys keys, MasterKey masterKey, AuditLog audit, TimeProvider time)
{
    /// <summary>The limit of bytes for one value.</summary>
    public const int LargestValue = 48 * 1024;

    /// <summary>The limit of secrets for one owner.</summary>
    public const int MostSecrets = 100;

    private const string Resource = "Secret";

    /// <summary>Returns true when the secret was created, false when it was changed.</summary>
    /// <exception cref="ApiException">422 with the field that is wrong.</exception>
    public async Task<bool> RunAsync(
        SecretOwner owner, SecretName name, SecretChange secret, ApiCaller caller, CancellationToken cancellationToken)
    {
        var by = caller.Principal;
        var visibility = VisibilityOf(owner, secret);
        var value = await ValueAsync(owner, secret, cancellationToken);
        return await db.WriteAsync(
            async session =>
            {
                await CheckRepositoriesAsync(session, owner, by, secret.SelectedRepositoryIds);
                var existing = await SecretTable.FindAsync(session, owner, name);
                if (existing is null && value is null)
                {
                    throw Fault("encrypted_value", "missing_field", "a new secret needs a value");
                }

                var id = existing is null
                    ? await InsertAsync(session, owner, name, visibility ?? DefaultVisibility(owner), value!, by)
                    : await UpdateAsync(session, owner, existing, visibility ?? existing.Visibility, value);
                if (secret.SelectedRepositoryIds is { } repositories)
                {
                    await SecretTable.ReplaceRepositoriesAsync(session, id, repositories);
                }

                var action = existing is null ? "create" : "update";
                await audit.RecordAsync(session, caller.Actor, await owner.EntryAsync(session, action, name.Value));
                return existing is null;
            },
            cancellationToken);
    }

    /// <summary>Organizations select among their own repositories. Users select among those that they can read.</summary>
    public static async Task CheckRepositoriesAsync(DbSession session, SecretOwner owner, Principal by, IReadOnlyList<long>? repositories)
    {
        var found = await AccessDecisions.RepositoriesAsync(session, (by as UserPrincipal)?.UserId, repositories ?? []);
        foreach (var id in repositories ?? [])
        {
            if (!found.TryGetValue(id, out var on)
                || !(owner.Level == SecretLevel.Organization ? on.Repository.OwnerId == owner.Id : AccessRules.MayRead(on.Standing)))
            {
                throw Fault("selected_repository_ids", "invalid", $"{id} is no repository that can be selected");
            }
        }
    }

    private static string? VisibilityOf(SecretOwner owner, SecretChange secret) => owner.Level switch
    {
        SecretLevel.Organization when secret.Visibility is "all" or "private" or "selected" =>
            secret.Visibility != "selected" && secret.SelectedRepositoryIds is { Count: > 0 }
                ? throw Fault("selected_repository_ids", "invalid", "repositories can be selected only with visibility selected")
                : secret.Visibility,
        SecretLevel.Organization => throw Fault(
            "visibility", secret.Visibility is null ? "missing_field" : "invalid", "visibility must be all, private or selected"),
        SecretLevel.Repository when secret.SelectedRepositoryIds is not null =>
            throw Fault("selected_repository_ids", "invalid", "a repository's secret is its own and selects no others"),
        _ => null,
    };

    private static string DefaultVisibility(SecretOwner owner) => owner.Level == SecretLevel.User ? "selected" : "all";

    private async Task<byte[]?> ValueAsync(SecretOwner owner, SecretChange secret, CancellationToken cancellationToken)
    {
        if (secret.EncryptedValue is null)
        {
            return null;
        }

        if (string.IsNullOrEmpty(secret.KeyId))
        {
            throw Fault("key_id", "missing_field", "key_id says which public key the value was sealed for");
        }

        var box = new byte[secret.EncryptedValue.Length];
        if (!Convert.TryFromBase64String(secret.EncryptedValue, box, out var length))
        {
            throw Fault("encrypted_value", "invalid", "encrypted_value must be standard base64 of a sealed box");
        }

        if (length > LargestValue + SealedBox.Overhead)
        {
            throw Fault("encrypted_value", "invalid", $"a secret has at most {LargestValue} bytes");
        }

        var value = await keys.OpenAsync(owner, secret.KeyId, box[..length], cancellationToken)
            ?? throw Fault("key_id", "invalid", "the value does not open with that key: seal it for the key that public-key answers");
        return IsText(value)
            ? value
            : throw Fault(
                "encrypted_value", "invalid", "a secret must be UTF-8 text without NUL, since it becomes an environment variable");
    }

    private async Task<long> InsertAsync(
        DbSession session, SecretOwner owner, SecretName name, string visibility, byte[] value, Principal by)
    {
        if (await SecretTable.CountAsync(session, owner) >= MostSecrets)
        {
            throw Fault("name", "custom", $"there are {MostSecrets} secrets already, which is the most");
        }

        // The version is the time, so that a secret that is deleted and created again never has the identity of an old one.
        var now = time.GetUtcNow();
        var version = now.ToUnixTimeMilliseconds();
        var sealedValue = Envelope.Seal(value, owner.Identity(name.Value, version), masterKey);
        return await SecretTable.InsertAsync(session, owner, name, visibility, sealedValue, version, by.Key, now);
    }

    private async Task<long> UpdateAsync(DbSession session, SecretOwner owner, SecretRow existing, string visibility, byte[]? value)
    {
        var now = time.GetUtcNow();
        var version = value is null ? existing.Version : Math.Max(existing.Version + 1, now.ToUnixTimeMilliseconds());
        var sealedValue = value is null ? null : Envelope.Seal(value, owner.Identity(existing.Name, version), masterKey);
        await SecretTable.UpdateAsync(session, existing.Id, visibility, sealedValue, version, now);
        return existing.Id;
    }

    private static bool IsText(byte[] value)
    {
        try
        {
            return !new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(value).Contains('\0', StringComparison.Ordinal);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static ApiException Fault(string field, string code, string message) => new(Errors.Invalid(Resource, field, code, message));
}
