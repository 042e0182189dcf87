namespace Berth.Server.Access;

/// <content>Which personal tokens an organization takes.</content>
public static partial class AccessRules
{
    /// <summary>
    /// Says why the organization's own policy keeps a token away from its packages, whoever holds the token. Null when the policy allows
    /// the token, and when there is no token.
    /// </summary>
    public static string? PolicyFault(UserPrincipal user, OwnerFacts owner) =>
        user.TokenId is null ? null
        : !owner.UnrestrictedTokensAllowed && !user.Patterns.Restricts
            ? $"{owner.Login} takes only personal tokens that are narrowed to packages, and this one is not"
        : LifeFault(user, owner);

    /// <summary>
    /// Says why a token may not make another token that an organization would accept while it refuses the first. Otherwise somebody who
    /// finds a long-lived token, which the organization refuses for its life, could make an accepted one with it. Narrowing needs no check:
    /// a narrowed token can only make tokens that are narrowed in the same way.
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
    /// The same, as the reason for a refusal, for those who may know it: members of the organization, even for a package that does not
    /// exist, and people with a role on the package.
    /// </summary>
    public static string? PolicyRefusal(Principal principal, PackageFacts facts) =>
        principal is UserPrincipal user && facts.Owner is { } owner
            && (facts.UserIsMember || facts.UserOwnsNamespace || UserRole(facts, new RuleChain()) >= Role.Read)
            ? PolicyFault(user, owner)
            : null;
}
