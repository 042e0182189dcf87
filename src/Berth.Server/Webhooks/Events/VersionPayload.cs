using System.Text.Json.Nodes;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Webhooks.Events;

/// <summary>
/// The version that a happening is about, in GitHub's form. A version that was deleted for good is described by its name.
/// </summary>
internal sealed class VersionPayload(AddressOptions address)
{
    public async Task<JsonObject> ReadAsync(DbSession session, PackageHappening happening, string packageUrl)
    {
        var at = happening.At;
        var row = await session.FirstOrDefaultAsync<VersionRow>(
            "select created_at, updated_at from package_versions where id = @VersionId", new { at.VersionId });
        var tag = happening.Tags.Count > 0 ? happening.Tags[0] : "";
        var npm = at.Type == PackageAddress.Npm ? await new NpmPayload(address).ReadAsync(session, happening) : null;
        var reference = npm?.Reference ?? Image(at, tag);
        return new JsonObject
        {
            ["id"] = at.VersionId,
            ["version"] = at.Version,
            ["name"] = at.Version,
            ["summary"] = "",
            ["description"] = npm?.Description ?? "",
            ["body"] = npm?.Readme ?? "",
            ["manifest"] = "",
            ["html_url"] = $"{packageUrl}/{at.VersionId}",
            ["package_url"] = npm?.Url ?? reference,
            ["created_at"] = row is null ? null : HookPayload.Time(row.CreatedAt),
            ["updated_at"] = row is null ? null : HookPayload.Time(row.UpdatedAt),
            ["metadata"] = new JsonArray(),
            ["container_metadata"] = npm is null ? await ContainerPayload.ReadAsync(session, happening, tag) : null,
            ["docker_metadata"] = new JsonArray(),
            ["npm_metadata"] = npm?.Metadata,
            ["package_files"] = npm?.Files ?? [],
            ["installation_command"] = npm is null ? $"docker pull {reference}" : NpmPayload.Install(reference),
        };
    }

    private string Image(EventRow at, string tag)
    {
        var place = $"{address.RegistryHost}/{at.Owner}/{at.Name}".ToLowerInvariant();
        return tag.Length > 0 ? $"{place}:{tag}" : $"{place}@{at.Version}";
    }

    private sealed record VersionRow
    {
        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }
    }
}
