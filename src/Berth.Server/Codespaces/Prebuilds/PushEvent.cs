using System.Security.Cryptography;
using System.Text.Json;
using Berth.Server.Codespaces.Git;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// A git server's message about a push. GitHub, Gitea and Forgejo sign the body (HMAC with SHA-256, in hex). GitLab sends the secret
/// itself.
/// </summary>
internal static class PushEvent
{
    private static readonly string[] Signatures = ["X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature"];
    private static readonly string[] Names = ["X-GitHub-Event", "X-Gitea-Event", "X-Forgejo-Event", "X-Gitlab-Event"];
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 32 };

    /// <summary>Checks the secret. It takes the same time whatever is wrong, so that the time reveals nothing.</summary>
    public static bool IsSignedWith(IHeaderDictionary headers, ReadOnlySpan<byte> body, ReadOnlySpan<byte> secret)
    {
        var signed = HMACSHA256.HashData(secret, body);
        var valid = false;
        foreach (var name in Signatures)
        {
            if (headers.TryGetValue(name, out var given) && Bytes(given.ToString()) is { } signature)
            {
                valid |= CryptographicOperations.FixedTimeEquals(signature, signed);
            }
        }

        // Compare hashes, since the texts may differ in length.
        return valid | (headers.TryGetValue("X-Gitlab-Token", out var token)
            && CryptographicOperations.FixedTimeEquals(
                SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token.ToString())), SHA256.HashData(secret)));
    }

    /// <summary>The branch that was pushed and still exists. Null for every other message.</summary>
    public static string? BranchOf(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        var name = Names.Select(header => headers[header].ToString()).FirstOrDefault(text => text.Length > 0);
        if (name is not ("push" or "Push Hook"))
        {
            return null;
        }

        try
        {
            using var document = OutsideJson.Parse(body, Json);
            var said = document.RootElement;
            return said.TextOf("ref") is { } reference && said.TextOf("after")?.Trim('0') is not ""
                ? GitReference.BranchOf(reference)
                : null;
        }
        catch (OutsideJsonException)
        {
            return null;
        }
    }

    /// <summary>The branch or pull request that is gone. Null for every other message.</summary>
    public static string? GoneRefOf(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        var name = Names.Select(header => headers[header].ToString()).FirstOrDefault(text => text.Length > 0);
        try
        {
            using var document = OutsideJson.Parse(body, Json);
            var said = document.RootElement;
            var request = said.ObjectOf("object_attributes");
            return name switch
            {
                "push" or "Push Hook" =>
                    said.TextOf("after") is { Length: > 0 } after && after.Trim('0').Length == 0 ? said.TextOf("ref") : null,
                // Gitea and Forgejo report deleted branches like this, without refs/heads/.
                "delete" => said.TextOf("ref_type") == "branch" && said.TextOf("ref") is { } branch ? $"refs/heads/{branch}" : null,
                "pull_request" => said.TextOf("action") == "closed" ? Request(said, "number") : null,
                "Merge Request Hook" => request.TextOf("action") is "close" or "merge" ? Request(request, "iid") : null,
                _ => null,
            };
        }
        catch (OutsideJsonException)
        {
            return null;
        }
    }

    private static string? Request(JsonElement said, string number) =>
        said.TryGetProperty(number, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var id)
            ? $"refs/pull/{id}"
            : null;

    private static byte[]? Bytes(string signature)
    {
        const string Prefix = "sha256=";
        var hex = signature.StartsWith(Prefix, StringComparison.Ordinal) ? signature[Prefix.Length..] : signature;
        return hex.Length == 64 && hex.All(char.IsAsciiHexDigit) ? Convert.FromHexString(hex) : null;
    }
}
