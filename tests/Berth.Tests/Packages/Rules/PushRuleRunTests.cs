using System.Net;
using Berth.Tests.Trusts;

namespace Berth.Tests.Packages.Rules;

/// <summary>
/// Rules that name workflows, fulfilled by tokens that were exchanged for the ID tokens of CI, also as docker's password.
/// </summary>
public sealed class PushRuleRunTests(TrustWorld world) : IClassFixture<TrustWorld>
{
    [Theory]
    [InlineData("refs/heads/main", "prod", HttpStatusCode.Created)]
    [InlineData("refs/heads/dev", "prod", HttpStatusCode.Forbidden)]
    [InlineData("refs/heads/main", "staging", HttpStatusCode.Forbidden)]
    [InlineData("refs/pull/7/merge", "prod", HttpStatusCode.Forbidden)]
    public async Task A_run_on_the_ref_and_in_the_environment_pushes_what_others_may_not(
        string gitRef, string environment, HttpStatusCode status)
    {
        var place = await world.PlaceAsync();
        var package = $"/orgs/{place.Organization}/packages/container/web";
        await place.Owner.PushAsync($"{place.Organization}/web", "latest");
        await place.Owner.DoAsync("PUT", $"{package}/access/actions/{place.Repository}", """{"role":"admin"}""");
        await place.Owner.DoAsync(
            "POST", $"{package}/push-rules",
            $$"""{"pattern":"prod","allow":[{"workflow":"{{place.Repository}}","ref":"refs/heads/main","environment":"prod"}]}""");
        var token = world.Issuer.Sign(world.Claims(place.Id, claims =>
        {
            claims["ref"] = gitRef;
            claims["environment"] = environment;
        }));
        var workflow = await world.WorkflowAsync(token);
        var (made, _) = await workflow.TryPushAsync($"{place.Organization}/web", "prod", "1");
        Assert.True(made.Status == status, made.Body);
        Assert.Equal(HttpStatusCode.Created, (await workflow.TryPushAsync($"{place.Organization}/web", "1.0", "1")).Reply.Status);
        if (status == HttpStatusCode.Forbidden)
        {
            Assert.Contains("lets only workflows of", made.Body, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(HttpStatusCode.Created, (await workflow.TryPushAsync($"{place.Organization}/web", "prod", "2")).Reply.Status);

        // An owner of the organization with every scope is a person, and the rule names no person.
        Assert.Equal(
            HttpStatusCode.Forbidden, (await place.Owner.TryPushAsync($"{place.Organization}/web", "prod", "3")).Reply.Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await place.Owner.SendAsync("DELETE", $"{package}/tags/prod")).Status);
        await workflow.DoAsync("DELETE", $"{package}/tags/prod");
    }
}
