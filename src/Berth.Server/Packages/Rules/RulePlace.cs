namespace Berth.Server.Packages.Rules;

/// <summary>Whose rules are meant: an account's, for all its packages, or one package's.</summary>
/// <param name="PackageId">Null: the account's rules.</param>
internal sealed record RulePlace(long OwnerId, string Owner, bool OfOrganization, long? PackageId, Access.PackageAddress? Package)
{
    /// <summary>The value of the owner's column. It is set only for an account's rules. No account has the number 0.</summary>
    public long OwnerKey => PackageId is null ? OwnerId : 0;
}
