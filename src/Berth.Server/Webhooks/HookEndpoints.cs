using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Webhooks;

/// <summary>The routes for webhooks of repositories and organizations, and for their deliveries.</summary>
internal static class HookEndpoints
{
    private const int UsualPage = 30;

    // https://docs.github.com/en/rest/repos/webhooks
    public static void MapHooks(this IEndpointRouteBuilder api, string hooks, ApiNeed need, string scope)
    {
        var one = hooks + "/{hook_id:long}";
        api.MapRead(hooks, ListAsync).Requires(need, scope)
            .Does("List webhooks").Gives<List<Client.Wire.Hook>>();
        api.MapPost(hooks, CreateAsync).Requires(need, scope)
            .Does("Make a webhook").Takes<Client.Wire.HookChange>().Creates<Client.Wire.Hook>();
        api.MapRead(one, GetAsync).Requires(need, scope)
            .Does("Get a webhook").Gives<Client.Wire.Hook>();
        api.MapPatch(one, ChangeAsync).Requires(need, scope)
            .Does("Change a webhook").Takes<Client.Wire.HookChange>().Gives<Client.Wire.Hook>();
        api.MapDelete(one, DeleteAsync).Requires(need, scope)
            .Does("Delete a webhook").GivesNothing();
        api.MapRead(one + "/config", ConfigAsync).Requires(need, scope)
            .Does("Get where a webhook sends, and how").Gives<Client.Wire.HookConfig>();
        api.MapPatch(one + "/config", ChangeConfigAsync).Requires(need, scope)
            .Does("Change where a webhook sends, and how").Takes<Client.Wire.HookConfig>().Gives<Client.Wire.HookConfig>();
        api.MapPost(one + "/pings", PingAsync).Requires(need, scope)
            .Does("Send a ping to a webhook").GivesNothing();
        api.MapRead(one + "/deliveries", DeliveriesAsync).Requires(need, scope)
            .Does("List the deliveries of a webhook, the newest first").Gives<List<Client.Wire.HookDelivery>>()
            .AsksNumber("per_page", "How many on a page; more than 100 is 100.")
            .Asks("cursor", "Where to go on, as the `Link` header says.");
        api.MapRead(one + "/deliveries/{delivery_id:long}", DeliveryAsync).Requires(need, scope)
            .Does("Get a delivery with what was sent and answered").Gives<Client.Wire.HookDelivery>();
        api.MapPost(one + "/deliveries/{delivery_id:long}/attempts", RedeliverAsync).Requires(need, scope)
            .Does("Send a delivery once more").Begins();
    }

    private static async Task<IResult> ListAsync(HttpContext http, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var place = HookRow.PlaceOf(http, urls);
        var page = await db.ReadAsync(
            async session =>
            {
                var rows = await HookTable.ListAsync(session, place, paging);
                var last = await DeliveryTable.LastAsync(session, rows.Items.ConvertAll(row => row.Id));
                return rows.Select(row => row.ToWire(place.Url, last.GetValueOrDefault(row.Id)));
            },
            cancellationToken);
        return ApiResult.Page(http, paging, page);
    }

    private static async Task<IResult> CreateAsync(
        HttpContext http, ApiCaller caller, ChangeHook change, ApiUrls urls, CancellationToken cancellationToken)
    {
        var wanted = await HookRequestBody.ReadAsync(http.Request, creating: true, cancellationToken);
        var place = HookRow.PlaceOf(http, urls);
        return ApiResult.Created((await change.CreateAsync(place, wanted, Entry(http), caller, cancellationToken)).ToWire(place.Url));
    }

    private static async Task<IResult> GetAsync(
        long hook_id, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var place = HookRow.PlaceOf(http, urls);
        var hook = await db.ReadAsync(
            async session => await HookTable.FindAsync(session, place, hook_id) is { } row
                ? row.ToWire(place.Url, (await DeliveryTable.LastAsync(session, [row.Id])).GetValueOrDefault(row.Id))
                : null,
            cancellationToken);
        return hook is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.Ok(hook);
    }

    private static async Task<IResult> ChangeAsync(
        long hook_id, HttpContext http, ApiCaller caller, ChangeHook change, ApiUrls urls, CancellationToken cancellationToken)
    {
        var wanted = await HookRequestBody.ReadAsync(http.Request, creating: false, cancellationToken);
        var place = HookRow.PlaceOf(http, urls);
        return await change.ChangeAsync(place, hook_id, wanted, Entry(http), caller, cancellationToken) is { } row
            ? ApiResult.Ok(row.ToWire(place.Url))
            : ApiErrors.Hidden(caller.Principal);
    }

    private static async Task<IResult> ConfigAsync(
        long hook_id, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => HookTable.FindAsync(session, HookRow.PlaceOf(http, urls), hook_id), cancellationToken) is { } row
            ? ApiResult.Ok(row.Config())
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> ChangeConfigAsync(
        long hook_id, HttpContext http, ApiCaller caller, ChangeHook change, ApiUrls urls, CancellationToken cancellationToken)
    {
        var wanted = await HookRequestBody.ReadConfigAsync(http.Request, cancellationToken);
        return await change.ChangeAsync(HookRow.PlaceOf(http, urls), hook_id, wanted, Entry(http), caller, cancellationToken) is { } row
            ? ApiResult.Ok(row.Config())
            : ApiErrors.Hidden(caller.Principal);
    }

    private static async Task<IResult> DeleteAsync(
        long hook_id, HttpContext http, ApiCaller caller, ChangeHook change, ApiUrls urls, CancellationToken cancellationToken) =>
        await change.DeleteAsync(HookRow.PlaceOf(http, urls), hook_id, Entry(http), caller, cancellationToken)
            ? ApiResult.NoContent()
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> PingAsync(
        long hook_id, HttpContext http, ApiCaller caller, ChangeHook change, ApiUrls urls, CancellationToken cancellationToken) =>
        await change.PingAsync(HookRow.PlaceOf(http, urls), hook_id, caller, cancellationToken)
            ? ApiResult.NoContent()
            : ApiErrors.Hidden(caller.Principal);

    /// <summary>The newest come first. <c>cursor</c> leads to the next page, as the Link header says.</summary>
    private static async Task<IResult> DeliveriesAsync(
        long hook_id, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var place = HookRow.PlaceOf(http, urls);
        var before = Number(http, "cursor", long.MaxValue);
        var most = (int)Math.Min(Number(http, "per_page", UsualPage), 100);
        var rows = await db.ReadAsync(
            async session => await HookTable.FindAsync(session, place, hook_id) is null
                ? null
                : await DeliveryTable.ListAsync(session, hook_id, before, most + 1),
            cancellationToken);
        if (rows is null)
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        if (rows.Count > most)
        {
            rows.RemoveAt(most);
            http.Response.Headers.Link =
                $"<{place.Url}/{hook_id}/deliveries?per_page={most}&cursor={rows[^1].Id}>; rel=\"next\"";
        }

        return ApiResult.Ok(rows.ConvertAll(row => row.ToWire(whole: false)));
    }

    private static async Task<IResult> DeliveryAsync(
        long hook_id, long delivery_id, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var place = HookRow.PlaceOf(http, urls);
        var row = await db.ReadAsync(
            async session => await HookTable.FindAsync(session, place, hook_id) is null
                ? null
                : await DeliveryTable.FindAsync(session, hook_id, delivery_id),
            cancellationToken);
        return row is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.Ok(row.ToWire(whole: true));
    }

    /// <summary>Sends the same content again, under the same GUID.</summary>
    private static async Task<IResult> RedeliverAsync(
        long hook_id, long delivery_id, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var place = HookRow.PlaceOf(http, urls);
        var now = time.GetUtcNow();
        var found = await db.WriteAsync(
            async session =>
            {
                if (await HookTable.FindAsync(session, place, hook_id) is null
                    || await DeliveryTable.FindAsync(session, hook_id, delivery_id) is not { } row)
                {
                    return false;
                }

                await DeliveryTable.InsertAsync(session, row with { Redelivery = true, NextAt = now, CreatedAt = now });
                return true;
            },
            cancellationToken);
        return found ? Results.StatusCode(StatusCodes.Status202Accepted) : ApiErrors.Hidden(caller.Principal);
    }

    private static AuditEntry Entry(HttpContext http) => http.Features.Get<RepositoryAccess>() is { } repository
        ? AuditEntry.On(repository.Repository, "hook")
        : AuditEntry.In(http.Proven<OrganizationAccess>().Organization, "hook");

    private static long Number(HttpContext http, string name, long otherwise)
    {
        var text = http.Request.Query[name].ToString();
        return text.Length == 0 ? otherwise
            : long.TryParse(text, System.Globalization.NumberStyles.None, null, out var number) && number >= 1 ? number
            : throw new ApiException(ApiErrors.Invalid("Query", name, $"{name} must be a whole number from 1 on"));
    }
}
