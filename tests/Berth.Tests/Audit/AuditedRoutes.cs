namespace Berth.Tests.Audit;

/// <summary>A request that creates what another one needs. The <c>id</c> in its answer then stands for <paramref name="Makes"/>.</summary>
internal sealed record Step(string Route, string? Body = null, string? Makes = null);

/// <summary>A request that changes something, and the action that the audit log must record for it.</summary>
/// <param name="Body">May contain <c>{unique}</c>, <c>{self}</c> (the caller), <c>{trust}</c>, <c>{sealed}</c> and names of a
/// route.</param>
internal sealed record AuditedRoute(string Route, string Action, string? Body = null, params Step[] Before)
{
    public AuditedCaller Caller { get; init; }
}

internal enum AuditedCaller
{
    /// <summary>An owner of the organization.</summary>
    Owner,

    /// <summary>A reader of the repository, who has a codespace.</summary>
    Reader,

    SiteAdministrator,
}

/// <summary>
/// What every route of the REST API that changes something records in the audit log. A new route belongs here, or among the
/// <see cref="Unrecorded"/> with the reason why nothing is recorded.
/// </summary>
internal static class AuditedRoutes
{
    private const string Package = "/orgs/{org}/packages/{type}/{name}";
    private const string Untagged = """{"rules":[{"untagged":true}]}""";
    private const string Rule = """{"pattern":"v*","immutable":true}""";
    private const string Prebuilds = "/repos/{owner}/{repo}/codespaces/prebuild-configurations";
    private const string Secret = "/orgs/{org}/codespaces/secrets/{secret}";
    private const string UserSecret = "/user/codespaces/secrets/{secret}";
    private const string Hook = """{"events":["package"],"config":{"url":"https://example.test/hook"}}""";
    private const string Selected = """{{sealed},"visibility":"selected","selected_repository_ids":[{repository_id}]}""";

    public static IReadOnlyDictionary<string, string> Unrecorded { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["POST /admin/garbage-collection"] = "what goes is recorded one by one",
        ["POST /orgs/{org}/hooks/{hook_id:long}/pings"] = "its deliveries show it",
        ["POST /orgs/{org}/hooks/{hook_id:long}/deliveries/{delivery_id:long}/attempts"] = "its deliveries show it",
        [$"POST {Package}/retention/preview"] = "asks",
        ["POST /orgs/{org}/settings/retention/preview"] = "asks",
        [$"POST {Package}/retention/runs"] = "each version that goes is recorded, with who asked",
        ["POST /orgs/{org}/settings/retention/runs"] = "each version that goes is recorded, with who asked",
        ["POST /repos/{owner}/{repo}/refs-gone"] = "each version that goes is recorded, with who asked",
        ["POST /registry-check"] = "asks",
        ["POST /repos/{owner}/{repo}/codespaces/preflight"] = "asks",
        ["PATCH /user/memberships/orgs/{org}"] = "accepts what is so already: there are no invitations",
        ["PATCH /user/codespaces/settings"] = "a preference, which decides nothing about anybody",
        ["POST /user/codespaces/{name}/exec"] = "use of one's own codespace, as a terminal is",
        ["POST /user/codespaces/{name}/exports"] = "names where the log is",
        ["PUT /user/codespaces/{name}/files"] = "use of one's own codespace, as a terminal is",
        ["POST /user/codespaces/{name}/ports/{port}/link"] = "use of one's own codespace, as a terminal is",
    };

    public static IReadOnlyList<AuditedRoute> All { get; } =
    [
        .. Site(), .. Organizations(), .. Teams(), .. Repositories(), .. Packages(), .. Secrets(), .. Codespaces(), .. People(),
    ];

    private static IEnumerable<AuditedRoute> Site() =>
        new AuditedRoute[]
        {
            new("POST /admin/organizations", "org.create", """{"login":"{unique}","admin":"{login}"}"""),
            new("POST /admin/users", "user.create", """{"login":"{unique}","email":"new@example.test"}"""),
            new("DELETE /admin/users/{username}", "user.delete"),
            new("POST /admin/users/{username}/authorizations", "personal_access_token.create", """{"scopes":["repo"]}"""),
            new("DELETE /admin/users/{username}/authorizations", "personal_access_token.destroy_all"),
            new("PUT /users/{username}/site_admin", "user.promote"),
            new("DELETE /users/{username}/site_admin", "user.demote", null, new Step("PUT /users/{username}/site_admin")),
            new("POST /admin/keys/rotation", "site.rotate_master_key", """{"single_server":true}"""),
        }.Select(one => one with { Caller = AuditedCaller.SiteAdministrator });

    private static AuditedRoute[] Organizations() =>
    [
        new("PATCH /orgs/{org}", "org.update", """{"description":"x"}"""),
        new("DELETE /orgs/{org}", "org.delete"),
        new("DELETE /orgs/{org}/members/{username}", "org.remove_member"),
        new("PUT /orgs/{org}/memberships/{username}", "org.update_member", """{"role":"admin"}"""),
        new("DELETE /orgs/{org}/memberships/{username}", "org.remove_member"),
        new("POST /orgs/{org}/repos", "repo.create", """{"name":"{unique}"}"""),
        new("PATCH /orgs/{org}/settings/packages", "org.update_package_settings", """{"public_packages_allowed":false}"""),
        new("PATCH /orgs/{org}/settings/codespaces", "org.update_codespace_settings", """{"git_credentials_inside":false}"""),
        new("PUT /orgs/{org}/settings/retention", "retention_policy.set", Untagged),
        new(
            "DELETE /orgs/{org}/settings/retention", "retention_policy.delete", null,
            new Step("PUT /orgs/{org}/settings/retention", Untagged)),
        new("POST /orgs/{org}/settings/push-rules", "push_rule.create", Rule),
        new(
            "DELETE /orgs/{org}/settings/push-rules/{rule_id}", "push_rule.destroy", null,
            new Step("POST /orgs/{org}/settings/push-rules", Rule, "{rule_id}")),
        new("POST /orgs/{org}/trusts", "org.add_trust", "{trust}"),
        new("DELETE /orgs/{org}/trusts/{trust_id}", "org.remove_trust", null, new Step("POST /orgs/{org}/trusts", "{trust}", "{trust_id}")),
        new("POST /orgs/{org}/hooks", "hook.create", Hook),
        new(
            "PATCH /orgs/{org}/hooks/{hook_id:long}", "hook.config_changed", """{"active":false}""",
            new Step("POST /orgs/{org}/hooks", Hook, "{hook_id:long}")),
        new(
            "PATCH /orgs/{org}/hooks/{hook_id:long}/config", "hook.config_changed", """{"content_type":"form"}""",
            new Step("POST /orgs/{org}/hooks", Hook, "{hook_id:long}")),
        new(
            "DELETE /orgs/{org}/hooks/{hook_id:long}", "hook.destroy", null,
            new Step("POST /orgs/{org}/hooks", Hook, "{hook_id:long}")),
    ];

    private static AuditedRoute[] Teams() =>
    [
        new("POST /orgs/{org}/teams", "team.create", """{"name":"{unique}"}"""),
        new("PATCH /orgs/{org}/teams/{team_slug}", "team.rename", """{"name":"other"}"""),
        new("DELETE /orgs/{org}/teams/{team_slug}", "team.destroy"),
        new("PUT /orgs/{org}/teams/{team_slug}/memberships/{username}", "team.add_member", "{}"),
        new(
            "DELETE /orgs/{org}/teams/{team_slug}/memberships/{username}", "team.remove_member", null,
            new Step("PUT /orgs/{org}/teams/{team_slug}/memberships/{username}", "{}")),
        new("PUT /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}", "team.add_repository", """{"permission":"push"}"""),
        new(
            "DELETE /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}", "team.remove_repository", null,
            new Step("PUT /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}", """{"permission":"push"}""")),
    ];

    private static AuditedRoute[] Repositories()
    {
        const string Credential = """{"username":"ada","password":"hush hush"}""";
        var cloned = new Step("PATCH /repos/{owner}/{repo}", """{"clone_url":"https://git.example.test/a.git"}""");
        return
        [
            new("PATCH /repos/{owner}/{repo}", "repo.rename", """{"name":"{unique}"}"""),
            new("DELETE /repos/{owner}/{repo}", "repo.destroy"),
            new("POST /repos/{owner}/{repo}/transfer", "repo.transfer", """{"new_owner":"{self}"}"""),
            new("PUT /repos/{owner}/{repo}/collaborators/{username}", "repo.add_member", """{"permission":"push"}"""),
            new("DELETE /repos/{owner}/{repo}/collaborators/{username}", "repo.remove_member"),
            new("PUT /repos/{owner}/{repo}/clone-credential", "repo.set_clone_credential", Credential, cloned),
            new(
                "DELETE /repos/{owner}/{repo}/clone-credential", "repo.remove_clone_credential", null, cloned,
                new Step("PUT /repos/{owner}/{repo}/clone-credential", Credential)),
            new("PUT /repos/{owner}/{repo}/codespaces/clone-credential", "repo.set_clone_credential", Credential, cloned),
            new(
                "DELETE /repos/{owner}/{repo}/codespaces/clone-credential", "repo.remove_clone_credential", null, cloned,
                new Step("PUT /repos/{owner}/{repo}/codespaces/clone-credential", Credential)),
            new("POST /repos/{owner}/{repo}/trusts", "repo.add_trust", "{trust}"),
            new(
                "DELETE /repos/{owner}/{repo}/trusts/{trust_id}", "repo.remove_trust", null,
                new Step("POST /repos/{owner}/{repo}/trusts", "{trust}", "{trust_id}")),
            new("POST /repos/{owner}/{repo}/workflow-tokens", "workflow_token.create", """{"permissions":{"packages":"read"}}"""),
        ];
    }

    private static AuditedRoute[] Packages()
    {
        var retention = Package + "/retention";
        var version = Package + "/versions/{version_id}";
        var alone = new Step("PATCH " + Package, """{"inherit_access":false}""");
        List<AuditedRoute> access = [];
        foreach (var (list, action, body) in new[]
        {
            ("actions/{owner}/{repo}", "packages.actions_changed", """{"role":"admin"}"""),
            ("codespaces/{owner}/{repo}", "packages.codespaces_changed", "{}"),
            ("teams/{team_slug}", "packages.grant_changed", """{"role":"read"}"""),
            ("users/{login}", "packages.grant_changed", """{"role":"write"}"""),
        })
        {
            var one = $"{Package}/access/{list}";
            // A package that stops inheriting keeps the repository on both of its lists.
            Step[] off = list.EndsWith("{repo}", StringComparison.Ordinal) ? [alone, new Step("DELETE " + one)] : [alone];
            access.Add(new AuditedRoute("PUT " + one, action, body, off));
            access.Add(new AuditedRoute("DELETE " + one, action, null, alone, new Step("PUT " + one, body)));
        }

        return
        [
            .. access,
            new("PUT " + Package, "packages.package_published", "{}", new Step($"DELETE {Package}?purge=true")),
            new("PATCH " + Package, "packages.visibility_changed", """{"inherit_access":false,"visibility":"internal"}"""),
            new("DELETE " + Package, "packages.package_deleted"),
            new($"POST {Package}/restore", "packages.package_restored", null, new Step("DELETE " + Package)),
            new("PUT " + retention, "retention_policy.set", Untagged),
            new("DELETE " + retention, "retention_policy.delete", null, new Step("PUT " + retention, Untagged)),
            new($"PUT {Package}/tags/{{tag}}", "packages.tag_moved", """{"version":"{digest}"}"""),
            new($"DELETE {Package}/tags/{{tag}}", "packages.tag_deleted"),
            new($"POST {Package}/push-rules", "push_rule.create", Rule),
            new(
                $"DELETE {Package}/push-rules/{{rule_id}}", "push_rule.destroy", null,
                new Step($"POST {Package}/push-rules", Rule, "{rule_id}")),
            new("DELETE " + version, "packages.package_version_deleted"),
            new($"POST {version}/restore", "packages.package_version_restored", null, new Step("DELETE " + version)),
        ];
    }

    private static AuditedRoute[] Secrets()
    {
        const string Name = "/codespaces/secrets/{secret}";
        var shared = new Step("PUT " + Secret, Selected);
        var own = new Step("PUT " + UserSecret, "{{sealed}}");
        return
        [
            new("PUT " + Secret, "org.create_integration_secret", Selected),
            new($"PUT {Secret}/repositories", "org.update_integration_secret", """{"selected_repository_ids":[]}""", shared),
            new($"PUT {Secret}/repositories/{{id:long}}", "org.update_integration_secret", null, shared),
            new($"DELETE {Secret}/repositories/{{id:long}}", "org.update_integration_secret", null, shared),
            new("DELETE " + Secret, "org.remove_integration_secret", null, shared),
            new("PUT /repos/{owner}/{repo}" + Name, "repo.create_integration_secret", "{{sealed}}"),
            new(
                "DELETE /repos/{owner}/{repo}" + Name, "repo.remove_integration_secret", null,
                new Step("PUT /repos/{owner}/{repo}" + Name, "{{sealed}}")),
            new("PUT " + UserSecret, "user.create_integration_secret", "{{sealed}}"),
            new($"PUT {UserSecret}/repositories", "user.update_integration_secret", """{"selected_repository_ids":[]}""", own),
            new("DELETE " + UserSecret, "user.remove_integration_secret", null, own),
        ];
    }

    private static IEnumerable<AuditedRoute> Codespaces()
    {
        const string One = "/user/codespaces/{name}";
        const string OfMember = "/orgs/{org}/members/{username}/codespaces/{name}";
        const string Access = "/orgs/{org}/codespaces/access";
        var made = new Step("POST " + Prebuilds, "{}", "{configuration_id}");
        var only = new Step("PUT " + Access, """{"visibility":"selected_members"}""");
        const string Who = """{"selected_usernames":["{login}"]}""";
        return new AuditedRoute[]
        {
            new("POST /repos/{owner}/{repo}/codespaces", "codespaces.create", "{}"),
            new("POST /user/codespaces", "codespaces.create", """{"repository_id":{repository_id}}"""),
            new("PATCH " + One, "codespaces.update", """{"display_name":"x"}"""),
            new($"POST {One}/start", "codespaces.start_environment"),
            new($"POST {One}/stop", "codespaces.suspend_environment"),
            new($"POST {One}/rebuild", "codespaces.rebuild"),
            new("DELETE " + One, "codespaces.destroy"),
            new("PUT /repos/{owner}/{repo}/codespaces/permissions", "codespaces.allow_permissions", """{"repositories":[]}"""),
            new("PUT /user/codespaces/dotfiles", "user.set_dotfiles", """{"repository":"https://git.example.test/dotfiles.git"}"""),
            new(
                "DELETE /user/codespaces/dotfiles", "user.remove_dotfiles", null,
                new Step("PUT /user/codespaces/dotfiles", """{"repository":"https://git.example.test/dotfiles.git"}""")),
        }.Select(one => one with { Caller = AuditedCaller.Reader }).Concat(
        [
            new($"POST {OfMember}/stop", "codespaces.suspend_environment"),
            new("DELETE " + OfMember, "codespaces.destroy"),
            new("PUT " + Access, "org.codespaces_access_updated", """{"visibility":"all_members"}"""),
            new($"POST {Access}/selected_users", "org.codespaces_access_updated", Who, only),
            new($"DELETE {Access}/selected_users", "org.codespaces_access_updated", Who, only),
            new("POST " + Prebuilds, "prebuild_configuration.create", "{}"),
            new($"PATCH {Prebuilds}/{{configuration_id}}", "prebuild_configuration.update", """{"enabled":false}""", made),
            new($"DELETE {Prebuilds}/{{configuration_id}}", "prebuild_configuration.destroy", null, made),
            new($"POST {Prebuilds}/{{configuration_id}}/runs", "prebuild_configuration.run_triggered", null, made),
            new(
                "DELETE /repos/{owner}/{repo}/codespaces/prebuilds/{prebuild_id}", "prebuild.destroy", null, made,
                new Step($"POST {Prebuilds}/{{configuration_id}}/runs", null, "{prebuild_id}")),
            new("PUT /repos/{owner}/{repo}/codespaces/prebuild-hook", "repo.set_push_hook", "{}"),
            new(
                "DELETE /repos/{owner}/{repo}/codespaces/prebuild-hook", "repo.remove_push_hook", null,
                new Step("PUT /repos/{owner}/{repo}/codespaces/prebuild-hook", "{}")),
        ]);
    }

    private static AuditedRoute[] People() =>
    [
        new("PATCH /user", "user.update", """{"name":"x"}"""),
        new("POST /user/repos", "repo.create", """{"name":"{unique}"}"""),
        new("POST /user/tokens", "personal_access_token.create", """{"scopes":["repo"]}"""),
        new(
            "DELETE /user/tokens/{id}", "personal_access_token.destroy", null,
            new Step("POST /user/tokens", """{"scopes":["repo"]}""", "{id}")),
        new("DELETE /user/tokens", "personal_access_token.destroy_all"),
    ];
}
