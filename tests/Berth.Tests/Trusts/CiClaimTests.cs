using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Trusts;

namespace Berth.Tests.Trusts;

/// <summary>The claims of CI systems, as in their documentation: which are trusted, and which run they describe.</summary>
public sealed class CiClaimTests
{
    private const string Sha = "0123456789abcdef0123456789abcdef01234567";

    public static TheoryData<string, string, string, string, string?, string?, string?, string?, string?> Known { get; } = new()
    {
        {
            "github", "repository_id", "74",
            $$"""
            {"aud":"a","sub":"repo:octo/app:ref:refs/heads/main","repository":"octo/app","repository_id":"74","run_id":"7","sha":"{{Sha}}",
             "ref":"refs/heads/main","ref_type":"branch","event_name":"push"}
            """,
            "7", "refs/heads/main", Sha, null, "push"
        },
        {
            // The immutable form, for repositories created after 15 July 2026.
            "github", "repository_id", "74",
            $$"""
            {"aud":["b","a"],"sub":"repo:octo@65/app@74:environment:prod%3Aeu","repository_id":"74","run_id":"7","sha":"{{Sha}}",
             "ref":"refs/tags/v1","environment":"prod:eu","event_name":"release"}
            """,
            "7", "refs/tags/v1", Sha, "prod:eu", "release"
        },
        {
            "gitlab", "project_id", "22",
            $$"""
            {"aud":"a","sub":"project_path:group/app:ref_type:branch:ref:main","project_id":"22","namespace_id":"72","pipeline_id":"1212",
             "pipeline_source":"web","ref":"main","ref_type":"branch","ref_path":"refs/heads/main","sha":"{{Sha}}","environment":"prod"}
            """,
            "1212", "refs/heads/main", Sha, "prod", "web"
        },
        {
            "gitlab", "project_id", "22",
            """{"aud":"a","project_id":22,"pipeline_id":1212,"ref":"v1","ref_type":"tag","ref_path":null}""",
            "1212", "refs/tags/v1", null, null, null
        },
        {
            "forgejo", "repository_id", "5",
            $$"""
            {"aud":"a","sub":"repo:o-1/app-5:ref:refs/heads/main","repository_id":"5","run_id":"9","ref":"refs/heads/main","sha":"{{Sha}}",
             "event_name":"push"}
            """,
            "9", "refs/heads/main", Sha, null, "push"
        },
        {
            "buildkite", "pipeline_id", "018485f6",
            $$"""
            {"aud":"a","sub":"organization:acme:pipeline:app:ref:refs/heads/main:commit:{{Sha}}:step:","organization_slug":"acme",
             "pipeline_slug":"app","pipeline_id":"018485f6","build_number":175,"build_branch":"main","build_tag":null,
             "build_commit":"{{Sha}}","step_key":null,"build_source":"webhook"}
            """,
            "175", "refs/heads/main", Sha, null, "webhook"
        },
        {
            "buildkite", "pipeline_id", "018485f6",
            """{"aud":"a","pipeline_id":"018485f6","build_number":176,"build_branch":"main","build_tag":"v1"}""",
            "176", "refs/tags/v1", null, null, null
        },
        {
            "circleci", "oidc.circleci.com/project-id", "ad2f-1",
            """
            {"aud":"a","sub":"org/6d/project/ad2f-1/user/7","oidc.circleci.com/project-id":"ad2f-1",
             "oidc.circleci.com/vcs-ref":"refs/heads/main","oidc.circleci.com/context-ids":["x"],"oidc.circleci.com/ssh-rerun":false}
            """,
            null, "refs/heads/main", null, null, null
        },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Each_systems_claims_are_understood(
        string provider, string claim, string value, string claims, string? run, string? gitRef, string? commit, string? environment,
        string? happened)
    {
        var sent = Of(claims);
        var ci = CiProvider.Find(provider)!;
        Assert.Equal(claim, ci.RepositoryClaim);
        Assert.Equal(new VerifiedRun(run, gitRef, commit, environment, happened), ci.RunOf(sent));
        var trust = new Trust { Provider = provider, Audience = "a", Claim = claim, Value = value, Ref = gitRef };
        Assert.Same(trust, Assert.Single(TrustMatch.Find([trust], sent)));
        Assert.Equal(
            IdentityFault.Claim,
            Assert.Throws<IdentityRefusedException>(() => TrustMatch.Find([trust with { Value = value + "0" }], sent)).Fault);
    }

    [Theory]
    [InlineData("refs/heads/main", "refs/heads/main", true)]
    [InlineData("refs/heads/main", "refs/heads/main2", false)]
    [InlineData("refs/heads/main", "refs/tags/main", false)]
    [InlineData("refs/tags/v*", "refs/tags/v1.2", true)]
    [InlineData("refs/tags/v*", "refs/tags/w1", false)]
    [InlineData("refs/heads/release/*", "refs/heads/release/1/x", true)]
    [InlineData("refs/heads/release/*", "refs/heads/release", false)]
    public void A_ref_is_compared_whole_or_by_its_beginning(string trusted, string sent, bool met)
    {
        var trust = new Trust { Provider = "github", Audience = "a", Claim = "repository_id", Value = "1", Ref = trusted };
        var claims = Of($$"""{"aud":"a","repository_id":"1","ref":"{{sent}}"}""");
        if (met)
        {
            Assert.Single(TrustMatch.Find([trust], claims));
        }
        else
        {
            Assert.Equal(IdentityFault.Condition, Assert.Throws<IdentityRefusedException>(() => TrustMatch.Find([trust], claims)).Fault);
        }
    }

    private static IdentityClaims Of(string json) => new(JsonSerializer.Deserialize<JsonElement>(json));
}
