namespace Berth.Server.Access;

/// <summary>A row with the facts of one decision. There is one for each role that is held.</summary>
internal sealed record PackageFactsRow : OwnerFacts
{
    public long? PackageId { get; init; }

    /// <summary>Read only when the statement finds packages by their ids.</summary>
    public string? PackageType { get; init; }

    public string? PackageName { get; init; }

    public string? PackageVisibility { get; init; }

    public bool? PackageInherits { get; init; }

    public long? LinkedId { get; init; }

    public long? LinkedOwnerId { get; init; }

    public string? LinkedOwnerLogin { get; init; }

    public bool? LinkedOwnerIsOrganization { get; init; }

    public string? LinkedName { get; init; }

    public string? LinkedVisibility { get; init; }

    public long? KeeperId { get; init; }

    public string? KeeperName { get; init; }

    public string? KeeperVisibility { get; init; }

    public long? ActingId { get; init; }

    public long? ActingOwnerId { get; init; }

    public string? ActingOwnerLogin { get; init; }

    public bool? ActingOwnerIsOrganization { get; init; }

    public string? ActingName { get; init; }

    public string? ActingVisibility { get; init; }

    public string? Membership { get; init; }

    public bool InLinkedOwner { get; init; }

    public bool InActingOwner { get; init; }

    public string? ActionsRole { get; init; }

    public bool OnCodespacesList { get; init; }

    public bool LinkedAsked { get; init; }

    public bool LinkedPermitted { get; init; }

    public long? HeldOn { get; init; }

    public string? HeldSource { get; init; }

    public string? HeldRole { get; init; }

    public PackageSubject Subject(PackageAddress address) => new()
    {
        Address = address,
        Owner = new OwnerFacts(this),
        PackageId = PackageId,
        Visibility = PackageVisibility is null ? Visibility.Private : VisibilityNames.Parse(PackageVisibility),
        Inherits = PackageInherits ?? false,
        Linked = Repository(LinkedId, LinkedOwnerId, LinkedOwnerLogin, LinkedOwnerIsOrganization, LinkedName, LinkedVisibility),
    };

    public PackageFacts Facts(PackageAddress address, IReadOnlyList<PackageFactsRow> rows, long? userId, CodespacePrincipal? codespace)
    {
        var subject = Subject(address);
        var keeper = Repository(KeeperId, Id, Login, IsOrganization, KeeperName, KeeperVisibility);
        var acting = Repository(ActingId, ActingOwnerId, ActingOwnerLogin, ActingOwnerIsOrganization, ActingName, ActingVisibility);
        var asked = subject.Linked is { } linked && codespace is not null && linked.Id != codespace.RepositoryId
            && (codespace.AsksFor?.Contains(linked.Id) ?? LinkedAsked);
        RepositoryStanding On(RepositoryFacts? repository, bool isMember) => repository is null || userId is null
            ? RepositoryStanding.Nobody
            : RepositoryStanding.Of(repository, Held(rows, repository.Id), isMember);
        return new PackageFacts(subject)
        {
            NameKeeper = keeper,
            UserOwnsNamespace = Id == userId || Membership == "admin",
            UserIsMember = Membership is not null,
            Grants = Held(rows, null),
            OnLinked = On(subject.Linked, InLinkedOwner),
            OnNameKeeper = On(keeper, Membership is not null),
            Acting = acting,
            OnActing = On(acting, InActingOwner),
            ActionsRole = RoleNames.TryParse(ActionsRole, out var role) ? role : Role.None,
            OnCodespacesList = OnCodespacesList,
            LinkedAsked = asked,
            LinkedPermitted = asked && LinkedPermitted,
        };
    }

    private static List<RoleSource> Held(IReadOnlyList<PackageFactsRow> rows, long? repositoryId) =>
    [
        .. rows.Where(row => row.HeldRole is not null && row.HeldOn == repositoryId)
            .Select(row => new RoleSource { Source = row.HeldSource!, Role = row.HeldRole! }),
    ];

    private static RepositoryFacts? Repository(
        long? id, long? ownerId, string? ownerLogin, bool? ownerIsOrganization, string? name, string? visibility) =>
        id is null ? null : new RepositoryFacts
        {
            Id = id.Value,
            OwnerId = ownerId!.Value,
            OwnerLogin = ownerLogin!,
            OwnerIsOrganization = ownerIsOrganization!.Value,
            Name = name!,
            Visibility = visibility!,
        };
}
