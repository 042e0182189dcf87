using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Http;

namespace Berth.Server.Packages.Rules;

/// <summary>
/// Reads from a request that an administrator lets rules about tags give way, and why. Whether the caller is an administrator is checked
/// when a rule refuses.
/// </summary>
internal sealed class ReadOverride(AuditLog audit)
{
    private const int LongestReason = 1000;

    /// <summary>Reads <c>?override=true&amp;reason=TEXT</c>, for requests without a body.</summary>
    /// <exception cref="ApiException">422: one of the two is missing or wrong.</exception>
    public TagOverride? OfQuery(HttpRequest request)
    {
        var word = request.Query["override"].ToString();
        if (word is not ("" or "true" or "false"))
        {
            ApiErrors.Invalid(PushRuleRequest.Resource, "override", "override must be true or false").Throw();
        }

        var reason = request.Query["reason"].ToString();
        return Of(word == "true", reason.Length == 0 ? null : reason);
    }

    /// <exception cref="ApiException">422: the reason is missing, or there is one without an override.</exception>
    public TagOverride? Of(bool? wanted, string? reason)
    {
        if (wanted != true)
        {
            if (reason is not null)
            {
                ApiErrors.Invalid(PushRuleRequest.Resource, "reason", "a reason goes with override: true").Throw();
            }

            return null;
        }

        if (string.IsNullOrWhiteSpace(reason) || reason.Length > LongestReason)
        {
            ApiErrors.Invalid(
                PushRuleRequest.Resource, "reason", $"to override push rules, say why: a reason of at most {LongestReason} characters")
                .Throw();
        }

        return new TagOverride(audit, reason!.Trim());
    }
}

internal static class OverrideWords
{
    /// <summary>Marks a route whose handler reads its query with <see cref="ReadOverride.OfQuery"/>.</summary>
    public static RouteHandlerBuilder AsksToOverride(this RouteHandlerBuilder route) => route
        .Asks("override", "`true`: as an admin of the package, also where a rule about tags refuses it.", "true", "false")
        .Asks("reason", "Why, where a rule is overridden; it stands in the audit log.");
}
