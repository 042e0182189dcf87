using Berth.Server.Http;
using Berth.Server.Npm.Authorization;

namespace Berth.Server.Npm.People;

/// <summary>
/// npm asks for known vulnerabilities after every installation. This registry knows none. The quick answer "none" keeps installations fast,
/// while npm would retry without an answer.
/// </summary>
internal static class AdvisoryEndpoints
{
    private const int LargestList = 8 << 20;

    private const string NothingFound =
        """{"actions":[],"advisories":{},"muted":[],"metadata":{"vulnerabilities":{"info":0,"low":0,"moderate":0,"high":0,"critical":0},"dependencies":0,"devDependencies":0,"optionalDependencies":0,"totalDependencies":0}}""";

    public static void MapAdvisories(this IEndpointRouteBuilder npm)
    {
        var limit = new BodyLimit(LargestList);
        npm.MapPost("/-/npm/v1/security/advisories/bulk", () => Results.Text("{}", "application/json")).ForAnybody().WithMetadata(limit);
        foreach (var path in new[] { "/-/npm/v1/security/audits/quick", "/-/npm/v1/security/audits" })
        {
            npm.MapPost(path, () => Results.Text(NothingFound, "application/json")).ForAnybody().WithMetadata(limit);
        }

        npm.MapGet("/-/npm/v1/keys", () => Results.Text("""{"keys":[]}""", "application/json")).ForAnybody();
    }
}
