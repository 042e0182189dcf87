using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Registries;
using Berth.Server.Cryptography;

namespace Berth.Server.Secrets;

/// <summary>The owner of secrets: a user, a repository or an organization.</summary>
internal sealed record SecretOwner(SecretLevel Level, long Id)
{
    public long? AccountId => Level == SecretLevel.Repository ? null : Id;

    public long? RepositoryId => Level == SecretLevel.Repository ? Id : null;

    public string LevelName => LevelNames.Of(Level);

    public static SecretOwner User(long id) => new(SecretLevel.User, id);

    public static SecretOwner Repository(long id) => new(SecretLevel.Repository, id);

    public static SecretOwner Organization(long id) => new(SecretLevel.Organization, id);

    /// <summary>
    /// An entry for the audit log about a change of one of its secrets. The action has GitHub's name for secrets of other apps.
    /// </summary>
    public async Task<AuditEntry> EntryAsync(DbSession session, string change, string secret)
    {
        var prefix = Level switch
        {
            SecretLevel.User => "user",
            SecretLevel.Repository => "repo",
            _ => "org",
        };
        var action = $"{prefix}.{change}_integration_secret";
        var subject = "secret:" + secret;
        return Level == SecretLevel.Repository
            ? AuditEntry.On((await AccessDecisions.RepositoryAsync(session, null, Id))!.Repository, action, subject)
            : AuditEntry.In(Id, (await AccountTable.FindAsync(session, Id))!.Login, action, subject);
    }

    public SecretIdentity Identity(string name, long version) => new(LevelName, Id, name, version);
}

internal static class LevelNames
{
    public static string Of(SecretLevel level) => level switch
    {
        SecretLevel.User => "user",
        SecretLevel.Repository => "repository",
        _ => "organization",
    };

    public static SecretLevel Parse(string name) => name switch
    {
        "user" => SecretLevel.User,
        "repository" => SecretLevel.Repository,
        _ => SecretLevel.Organization,
    };
}
