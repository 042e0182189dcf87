namespace Berth.Server.Access;

/// <content>Which personal tokens an organization takes.</content>
public static partial class AccessRules
{
    /// <summary>
    /// Why a token does not reach an organization's packages, whoever holds it: by the organization's own policy. Null where it does, and
    /// where somebody acts without a token.
    /// </summary>
    public static string? PolicyFault(UserPrincipal user, OwnerFacts owner) =>
        user.TokenId is null ? null
        : !owner.UnrestrictedTokensAllowed && !user.Patterns.Restricts
            ? $"{owner.Login} takes only personal tokens that are narrowed to packages, and this one is not"
        : LifeFault(user, owner);

    /// <summary>
    /// Why a token makes no such other: an organization takes the other's life and not its own. Else whoever finds a token that is not
    /// taken, since it lies around for long, would make one that is. Of narrowing there is nothing to say: a narrowed token makes none but
    /// those that are narrowed as it is.
    /// </summary>
    public static string? MintFault(UserPrincipal minter, UserPrincipal made, OwnerFacts owner) =>
        minter.TokenId is not null && made.Scopes.ReadsPackages && made.Patterns.MayCover(owner.Login) && LifeFault(made, owner) is null
        && LifeFault(minter, owner) is { } fault
            ? $"{fault}: so it makes none that {owner.Login} takes; a site administrator makes one"
            : null;

    private static string? LifeFault(UserPrincipal user, OwnerFacts owner) =>
        owner.TokenMaxDays is { } days && !(user.TokenLife <= TimeSpan.FromDays(days))
            ? $"{owner.Login} takes only personal tokens that live {days} days at most, and this one "
                + (user.TokenLife is { } life ? $"lives {Math.Ceiling(life.TotalDays):0}" : "never ends")
            : null;

    /// <summary>
    /// The same for a refusal, for those who may hear it: whoever belongs to the organization, of a package that is not there as well; and
    /// whoever has a role on the package.
    /// </summary>
    public static string? PolicyRefusal(Principal principal, PackageFacts facts) =>
        principal is UserPrincipal user && facts.Owner is { } owner
            && (facts.UserIsMember || facts.UserOwnsNamespace || UserRole(facts, new RuleChain()) >= Role.Read)
            ? PolicyFault(user, owner)
            : null;
}
