using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Repositories;

namespace Berth.Server.Webhooks.Events;

/// <summary>The payload about a happening, in GitHub's form.</summary>
internal sealed class HookPayload(ApiUrls urls, AddressOptions address)
{
    /// <summary>Everything except the name of the event.</summary>
    public async Task<JsonObject> ReadAsync(DbSession session, PackageHappening happening)
    {
        var at = happening.At;
        var owner = await AccountTable.FindAsync(session, at.OwnerId);
        var repository = at.RepositoryId is { } id ? await RepositoryTable.FindAsync(session, id) : null;
        var ownerJson = Node(owner?.ToSimple(urls) ?? AccountJson.Simple(at.OwnerId, at.Owner, isOrganization: false, false, urls));
        var package = new JsonObject
        {
            ["id"] = at.PackageId,
            ["name"] = at.Name,
            ["namespace"] = at.Owner,
            ["description"] = "",
            ["ecosystem"] = at.Type.ToUpperInvariant(),
            ["package_type"] = at.Type.ToUpperInvariant(),
            ["html_url"] = HtmlUrl(at, owner?.IsOrganization ?? false),
            ["created_at"] = await TimeAsync(session, at.PackageId, "created_at"),
            ["updated_at"] = Time(at.At),
            ["owner"] = ownerJson.DeepClone(),
            ["package_version"] = happening.OfVersion
                ? await new VersionPayload(address).ReadAsync(session, happening, HtmlUrl(at, owner?.IsOrganization ?? false))
                : null,
            ["registry"] = new JsonObject
            {
                ["about_url"] = urls.Html,
                ["name"] = $"Berth {at.Type.ToUpperInvariant()} registry",
                ["type"] = at.Type.ToUpperInvariant(),
                ["url"] = at.Type == PackageAddress.Npm ? address.NpmUrl : $"{address.RegistryOrigin}/{at.Owner}",
                ["vendor"] = "Berth",
            },
        };
        var payload = new JsonObject { ["action"] = happening.Action, ["package"] = package };
        if (happening.Changed is { } changed)
        {
            payload["changes"] = new JsonObject
            {
                [changed] = new JsonObject { ["from"] = happening.Old, ["to"] = happening.New, ["subject"] = happening.Subject },
            };
        }

        if (repository is not null)
        {
            payload["repository"] = Node(repository.ToWire(urls));
        }

        if (owner is { IsOrganization: true })
        {
            payload["organization"] = ownerJson;
        }

        payload["sender"] = await SenderAsync(session, at);
        return payload;
    }

    /// <summary>The older event has the same payload under another name.</summary>
    public static JsonObject Named(JsonObject payload, string name)
    {
        var named = new JsonObject();
        foreach (var (key, value) in payload)
        {
            named[key == "package" ? name : key] = value?.DeepClone();
        }

        return named;
    }

    public static JsonNode Node<T>(T value) => JsonSerializer.SerializeToNode(value, BerthJson.Wire.Of<T>())!;

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private async Task<JsonNode> SenderAsync(DbSession session, EventRow at) =>
        at.Actor.StartsWith("user:", StringComparison.Ordinal)
            && long.TryParse(at.Actor.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? Node(
                (await AccountTable.FindAsync(session, id))?.ToSimple(urls)
                    ?? AccountJson.Simple(id, at.ActorName ?? "ghost", isOrganization: false, siteAdmin: false, urls))
            : new JsonObject { ["login"] = at.ActorName ?? at.Actor, ["id"] = 0, ["type"] = "Bot", ["site_admin"] = false };

    private string HtmlUrl(EventRow at, bool ofOrganization) =>
        $"{urls.Html}/{(ofOrganization ? "orgs" : "users")}/{at.Owner}/packages/{at.Type}/package/{Uri.EscapeDataString(at.Name)}";

    private static async Task<string?> TimeAsync(DbSession session, long packageId, string column) =>
        await session.FirstOrDefaultAsync<DateTimeOffset?>($"select {column} from packages where id = @packageId", new { packageId })
            is { } time
            ? Time(time)
            : null;
}
