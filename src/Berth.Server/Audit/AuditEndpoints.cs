using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Berth.Server.Audit;

/// <summary>The routes for the audit log of an organization, of the caller's own account, and of the site.</summary>
internal static class AuditEndpoints
{
    private const string Resource = "AuditLog";

    // https://docs.github.com/en/enterprise-cloud@latest/rest/orgs/orgs#get-the-audit-log-for-an-organization
    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        api.MapRead("/orgs/{org}/audit-log", OfOrganizationAsync).Requires(ApiNeed.OrganizationOwner, "read:audit_log")
            .Does("Read the audit log of an organization").Gives<List<Client.Wire.AuditLogEntry>>().AsksForEntries();
        api.MapRead("/user/audit-log", OwnAsync).Requires(ApiNeed.User, "read:audit_log")
            .Does("Read the audit log of oneself").Gives<List<Client.Wire.AuditLogEntry>>().AsksForEntries();
        api.MapRead("/admin/audit-log", OfSiteAsync).Requires(ApiNeed.SiteAdministrator, "site_admin")
            .Does("Read the audit log of the site").Gives<List<Client.Wire.AuditLogEntry>>().AsksForEntries();
    }

    private static RouteHandlerBuilder AsksForEntries(this RouteHandlerBuilder route) => route
        .Asks("phrase", "Words such as `actor:ada action:org.create created:>2026-01-01`.")
        .Asks("include", "Without it `web`: what was done; `git`: what was read.", "web", "git", "all")
        .AsksNumber("token", "The id of a token: only what it did.")
        .Asks("order", "Without it `desc`: the newest first.", "asc", "desc")
        .Asks("after", "Where to go on, as the `Link` header says.")
        .Asks("before", "Where to go back from, as the `Link` header says.");

    private static Task<IResult> OfOrganizationAsync(
        HttpContext http, OrganizationAccess access, Paging paging, Db db, CancellationToken cancellationToken) =>
        AnswerAsync(http, Read(http, paging, access.Organization.Login) with { OwnerId = access.Organization.Id }, db, cancellationToken);

    /// <summary>
    /// What happened to the caller's own things, and what the caller did anywhere. With <c>?token=</c>, what one token was used for.
    /// </summary>
    private static Task<IResult> OwnAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, CancellationToken cancellationToken) =>
        AnswerAsync(
            http,
            Read(http, paging, caller.User.Login) with { OwnerId = caller.User.UserId, OrActor = caller.User.Key },
            db,
            cancellationToken);

    private static Task<IResult> OfSiteAsync(HttpContext http, Paging paging, Db db, CancellationToken cancellationToken) =>
        AnswerAsync(http, Read(http, paging, null), db, cancellationToken);

    /// <param name="owner">The owner whose repositories are named without their owner.</param>
    private static AuditQuery Read(HttpContext http, Paging paging, string? owner)
    {
        string? Value(string name) => http.Request.Query[name].ToString() is { Length: > 0 } text ? text : null;
        var phrase = AuditPhrase.Parse(Value("phrase"));
        if (phrase.Repository is { } repository && !repository.Contains('/', StringComparison.Ordinal) && owner is not null)
        {
            phrase = phrase with { Repository = $"{owner}/{repository}" };
        }

        if (Value("token") is { } token)
        {
            phrase = phrase with { TokenId = AuditPhrase.Parse("token:" + token).TokenId };
        }

        var order = Value("order") ?? "desc";
        var include = Value("include") ?? "web";
        if (order is not ("asc" or "desc"))
        {
            ApiErrors.Invalid(Resource, "order", "order must be asc or desc").Throw();
        }

        if (include is not ("web" or "git" or "all"))
        {
            ApiErrors.Invalid(Resource, "include", "include must be web (what was done), git (what was read) or all").Throw();
        }

        return new AuditQuery(phrase)
        {
            Reads = include switch { "web" => false, "git" => true, _ => null },
            NewestFirst = order == "desc",
            Most = paging.Size,
        };
    }

    private static async Task<IResult> AnswerAsync(HttpContext http, AuditQuery query, Db db, CancellationToken cancellationToken)
    {
        var (after, before) = (Cursor(http, "after"), Cursor(http, "before"));
        if (after is not null && before is not null)
        {
            return ApiErrors.Invalid(Resource, "before", "after and before exclude each other");
        }

        // The page before an entry is the page after it in the opposite order, reversed. One more row shows whether there is another page.
        var turned = before is not null;
        var asked = query with
        {
            After = before ?? after,
            NewestFirst = query.NewestFirst != turned,
            Most = query.Most + 1,
        };
        var rows = await db.ReadAsync(session => AuditTable.ReadAsync(session, asked), cancellationToken);
        var more = rows.Count > query.Most;
        if (more)
        {
            rows.RemoveAt(query.Most);
        }

        if (turned)
        {
            rows.Reverse();
        }

        WriteLinks(http, rows, next: turned || more, previous: turned ? more : after is not null);
        return ApiResult.Ok(rows.ConvertAll(row => row.ToWire()));
    }

    private static AuditPlace? Cursor(HttpContext http, string name) =>
        http.Request.Query[name].ToString() is not { Length: > 0 } text ? null
        : AuditPlace.TryParse(text, out var place) ? place
        : throw new ApiException(ApiErrors.Invalid(Resource, name, $"{name} takes what a Link header of this list gave"));

    private static void WriteLinks(HttpContext http, List<AuditRow> rows, bool next, bool previous)
    {
        if (rows.Count == 0)
        {
            return;
        }

        List<string> links = [];
        if (next)
        {
            links.Add(Link(http, "after", rows[^1].Place, "next"));
        }

        if (previous)
        {
            links.Add(Link(http, "before", rows[0].Place, "prev"));
        }

        if (links.Count > 0)
        {
            http.Response.Headers.Link = string.Join(", ", links);
        }
    }

    private static string Link(HttpContext http, string name, AuditPlace place, string relation)
    {
        var root = http.RequestServices.GetRequiredService<AddressOptions>().BaseUri.GetLeftPart(UriPartial.Authority);
        var query = http.Request.Query
            .Where(pair => pair.Key is not ("after" or "before"))
            .SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value)))
            .Append(KeyValuePair.Create<string, string?>(name, place.ToString()));
        return $"<{QueryHelpers.AddQueryString(root + http.Request.PathBase + http.Request.Path.ToUriComponent(), query)}>; "
            + $"rel=\"{relation}\"";
    }
}
