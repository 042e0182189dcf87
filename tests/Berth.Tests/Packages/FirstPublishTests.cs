using Berth.Server.Access;
using Berth.Server.Http;
using Berth.Server.Packages;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Tests.Access;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Packages;

/// <summary>What the first version of a package determines: link, inheritance, visibility, grants.</summary>
public sealed class FirstPublishTests(SharedServer shared)
{
    private readonly Seed _seed = new(shared.Server);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("private")]
    [InlineData("internal")]
    [InlineData("public")]
    public async Task A_workflow_links_to_its_repository_inherits_and_takes_its_visibility(string visibility)
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", ada);
        var repository = await _seed.RepositoryAsync(acme, "app", visibility);
        var package = await PublishAsync(_seed.Workflow(repository, "acme/app"), "acme", "app");
        Assert.Equal(
            (visibility, repository, true, true), (package.Visibility, package.RepositoryId, package.InheritsAccess, package.EverLinked));
        Assert.Equal([$"{repository}:admin"], await ActionsAsync(package.Id));
        Assert.Empty(await GrantsAsync(package.Id));
    }

    [Theory]
    [InlineData("first_publish_visibility", "private", "public", "private")]
    [InlineData("first_publish_visibility", "internal", "public", "internal")]
    [InlineData("first_publish_visibility", "internal", "private", "private")]
    [InlineData("public_packages_allowed", false, "public", "private")]
    [InlineData("internal_packages_allowed", false, "internal", "private")]
    public async Task Organization_settings_make_a_workflows_first_publish_less_open(
        string setting, object value, string repositoryIs, string packageIs)
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", ada);
        await _seed.SettingAsync(acme, setting, value);
        var repository = await _seed.RepositoryAsync(acme, "app", repositoryIs);
        Assert.Equal(packageIs, (await PublishAsync(_seed.Workflow(repository, "acme/app"), "acme", "app")).Visibility);
    }

    [Fact]
    public async Task A_personal_token_without_a_label_makes_a_private_package_of_its_publisher()
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", await _seed.UserAsync("owner"), ada);
        await _seed.RepositoryAsync(acme, "app", "public");
        var package = await PublishAsync(ada, "acme", "web");
        Assert.Equal(
            ("private", null, false, false), (package.Visibility, package.RepositoryId, package.InheritsAccess, package.EverLinked));
        Assert.Equal([$"{ada.UserId}:admin"], await GrantsAsync(package.Id));
        Assert.Empty(await ActionsAsync(package.Id));
    }

    [Theory]
    [InlineData("https://git.acme.test/Acme/App.git", true)]
    [InlineData("https://git.acme.test/acme/app", true)]
    [InlineData("git@git.acme.test:acme/app.git", true)]
    [InlineData("git+https://git.acme.test/acme/app.git", true)]
    [InlineData("https://elsewhere.test/acme/app", false)]
    [InlineData("https://git.acme.test/acme/other", false)]
    [InlineData("not a url", false)]
    public async Task A_label_links_when_it_is_the_repositorys_clone_url(string label, bool links)
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", ada);
        var repository = await _seed.RepositoryAsync(acme, "app", "public", "https://git.acme.test/acme/app.git");
        var package = await PublishAsync(ada, "acme", "web", label);
        Assert.Equal(("private", links ? repository : null, false), (package.Visibility, package.RepositoryId, package.InheritsAccess));
    }

    [Fact]
    public async Task A_label_may_be_the_repositorys_page_on_this_server()
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", ada);
        var repository = await _seed.RepositoryAsync(acme, "app");
        Assert.Equal(repository, (await PublishAsync(ada, "acme", "web", $"{shared.Server.Url}{_seed.Name("acme")}/app")).RepositoryId);
    }

    [Fact]
    public async Task Only_the_first_label_counts_and_several_matches_mean_none()
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", ada);
        await _seed.RepositoryAsync(acme, "app", cloneUrl: "https://git.acme.test/one");
        await _seed.RepositoryAsync(acme, "twin", cloneUrl: "https://git.acme.test/two");
        await _seed.RepositoryAsync(acme, "twin2", cloneUrl: "https://git.acme.test/two.git");
        Assert.Null((await PublishAsync(ada, "acme", "x", "https://git.acme.test/none", "https://git.acme.test/one")).RepositoryId);
        Assert.Null((await PublishAsync(ada, "acme", "y", "https://git.acme.test/two")).RepositoryId);
    }

    [Theory]
    [InlineData("read", false)]
    [InlineData("triage", false)]
    [InlineData("write", true)]
    [InlineData("admin", true)]
    public async Task A_label_is_a_claim_that_needs_write_on_the_repository(string role, bool links)
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", await _seed.UserAsync("owner"), ada);
        var repository = await _seed.RepositoryAsync(acme, "app", "public", "https://git.acme.test/acme/app");
        await _seed.CollaboratorAsync(repository, ada, role);
        Assert.Equal(links ? repository : null, (await PublishAsync(ada, "acme", "web", "https://git.acme.test/acme/app")).RepositoryId);
    }

    [Fact]
    public async Task A_repository_of_another_owner_is_never_linked()
    {
        var ada = await _seed.UserAsync("ada");
        await _seed.OrganizationAsync("acme", ada);
        var globex = await _seed.OrganizationAsync("globex", ada);
        await _seed.RepositoryAsync(globex, "app", "private", "https://git.acme.test/app");
        Assert.Null((await PublishAsync(ada, "acme", "web", "https://git.acme.test/app")).RepositoryId);
    }

    [Fact]
    public async Task A_later_label_links_once_and_leaves_inheritance_off()
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", ada);
        var first = await _seed.RepositoryAsync(acme, "one", cloneUrl: "https://git.acme.test/one");
        await _seed.RepositoryAsync(acme, "two", cloneUrl: "https://git.acme.test/two");
        Assert.Null((await PublishAsync(ada, "acme", "web")).RepositoryId);
        var linked = await PublishAsync(ada, "acme", "web", "https://git.acme.test/one");
        Assert.Equal((first, false), (linked.RepositoryId, linked.InheritsAccess));
        Assert.Equal(first, (await PublishAsync(ada, "acme", "web", "https://git.acme.test/two")).RepositoryId);

        // The package was unlinked by hand. It once had a link, so a label does not link it again.
        await _seed.ExecuteAsync("update packages set repository_id = null where id = @Id", new { linked.Id });
        Assert.Null((await PublishAsync(ada, "acme", "web", "https://git.acme.test/two")).RepositoryId);
    }

    [Fact]
    public async Task An_organization_may_let_a_label_bring_inheritance()
    {
        var ada = await _seed.UserAsync("ada");
        var acme = await _seed.OrganizationAsync("acme", ada);
        await _seed.SettingAsync(acme, "inherit_access_on_link", true);
        await _seed.RepositoryAsync(acme, "app", cloneUrl: "https://git.acme.test/app");
        Assert.True((await PublishAsync(ada, "acme", "web", "https://git.acme.test/app")).InheritsAccess);
    }

    [Fact]
    public async Task Publishing_without_the_right_is_refused_inside_the_transaction()
    {
        var ada = await _seed.UserAsync("ada");
        await _seed.OrganizationAsync("acme", await _seed.UserAsync("owner"));
        var refused = await Assert.ThrowsAsync<ApiException>(() => PublishAsync(ada, "acme", "web"));
        Assert.Equal((403, "DENIED"), (refused.Error.Status, refused.Error.Code));
    }

    [Fact]
    public async Task Of_many_first_publishes_at_once_one_makes_the_package()
    {
        var ada = await _seed.UserAsync("ada");
        await _seed.OrganizationAsync("acme", ada);
        var packages = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => PublishAsync(ada, "acme", "web")));
        Assert.Single(packages.Select(package => package.Id).Distinct());
    }

    [Fact]
    public async Task What_was_uploaded_under_the_pending_name_comes_along_and_nobody_elses_does()
    {
        var ada = await _seed.UserAsync("ada");
        var bob = await _seed.UserAsync("bob");
        await _seed.OrganizationAsync("acme", ada, bob);
        var blobs = new List<long>();
        foreach (var user in new[] { ada, bob })
        {
            blobs.Add(await UploadAsync(user, "acme", "web"));
        }

        var package = await PublishAsync(ada, "acme", "web");
        var links = await _seed.Db.ReadAsync(
            s => s.QueryAsync<long>("select blob_id from blob_links where package_id = @Id", new { package.Id }), Token);
        Assert.Equal([blobs[0]], links);
    }

    [Fact]
    public async Task The_facts_of_a_person_come_from_teams_membership_and_collaboration()
    {
        var ada = await _seed.UserAsync("ada");
        var owner = await _seed.UserAsync("owner");
        var acme = await _seed.OrganizationAsync("acme", owner, ada);
        var repository = await _seed.RepositoryAsync(acme, "app");
        await _seed.CollaboratorAsync(repository, ada, "triage");
        await _seed.TeamAsync(acme, "core", ada, repository, "maintain");
        await PublishAsync(_seed.Workflow(repository, "acme/app"), "acme", "app");
        var facts = await _seed.Db.ReadAsync(s => AccessDecisions.LoadAsync(s, ada, Address("acme", "app")), Token);
        Assert.Equal(
            ["collaborator triage", "team core maintain"],
            facts.OnLinked.Named.Select(n => $"{n.Source} {n.Role}").Order(StringComparer.Ordinal));
        Assert.Equal((true, false, true), (facts.UserIsMember, facts.UserOwnsNamespace, facts.Owner!.IsOrganization));
        Assert.Equal(Role.Write, AccessRules.UserRole(facts, new RuleChain()));

        var codespace = await _seed.Db.ReadAsync(
            s => AccessDecisions.LoadAsync(s, _seed.Codespace(repository, ada), Address("acme", "app")), Token);
        Assert.True(AccessRules.Decide(_seed.Codespace(repository, ada), PackageAction.Pull, codespace).Allowed);
        await _seed.ExecuteAsync("delete from collaborators where repository_id = @repository", new { repository });
        await _seed.ExecuteAsync("delete from team_repositories where repository_id = @repository", new { repository });
        codespace = await _seed.Db.ReadAsync(
            s => AccessDecisions.LoadAsync(s, _seed.Codespace(repository, ada), Address("acme", "app")), Token);
        Assert.False(AccessRules.Decide(_seed.Codespace(repository, ada), PackageAction.Pull, codespace).Allowed);
    }

    private PackageAddress Address(string owner, string name) => new(_seed.Name(owner), PackageAddress.Container, name);

    private async Task<PackageState> PublishAsync(Principal principal, string owner, string name, params string[] sources)
    {
        var publish = shared.Server.Services.GetRequiredService<FirstPublish>();
        var id = await _seed.Db.WriteAsync(
            s => publish.EnsureAsync(
                s, new PackageChanges(s, ChangeActor.Of(principal), DateTimeOffset.UnixEpoch), principal, Address(owner, name), sources,
                DateTimeOffset.UnixEpoch),
            Token);
        return await _seed.Db.ReadAsync(
            s => s.SingleAsync<PackageState>(
                "select id, visibility, repository_id, inherits_access, ever_linked from packages where id = @id", new { id }),
            Token);
    }

    private Task<long> UploadAsync(UserPrincipal user, string owner, string name) => _seed.Db.WriteAsync(
        async session =>
        {
            var package = await PendingPackages.EnsureAsync(
                session, user, await AccessDecisions.LoadAsync(session, user, Address(owner, name)), default);
            var key = Guid.CreateVersion7().ToString("N");
            var blob = await session.SingleAsync<long>(
                "insert into blobs (digest, size, storage_key, created_at) values (@key, 1, @key, 0) returning id", new { key });
            await session.ExecuteAsync(
                "insert into blob_links (package_id, blob_id, used_at) values (@package, @blob, 0)", new { package, blob });
            return blob;
        },
        Token);

    private Task<List<string>> ActionsAsync(long package) => _seed.Db.ReadAsync(
        s => s.QueryAsync<string>("select repository_id || ':' || role from package_actions where package_id = @package", new { package }),
        Token);

    private Task<List<string>> GrantsAsync(long package) => _seed.Db.ReadAsync(
        s => s.QueryAsync<string>("select user_id || ':' || role from package_users where package_id = @package", new { package }), Token);

    private sealed record PackageState
    {
        public long Id { get; init; }

        public string Visibility { get; init; } = "";

        public long? RepositoryId { get; init; }

        public bool InheritsAccess { get; init; }

        public bool EverLinked { get; init; }
    }
}
