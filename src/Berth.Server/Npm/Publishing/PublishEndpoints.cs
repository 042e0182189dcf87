using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;
using Berth.Server.Npm.Documents;
using Berth.Server.Npm.Owners;
using Berth.Server.Packages.Versions;

namespace Berth.Server.Npm.Publishing;

/// <summary>The routes by which npm publishes, deprecates, unpublishes and tags. The tables are in docs/npm.md.</summary>
internal static class PublishEndpoints
{
    private const int LargestTag = 4096;

    public static void MapPublishing(this IEndpointRouteBuilder npm)
    {
        var options = npm.ServiceProvider.GetRequiredService<NpmOptions>();

        // Base64 needs four letters for three bytes.
        var largest = new BodyLimit(((options.LargestTarball + 2) / 3 * 4) + PublishDocument.MostBytes);
        npm.MapPut("/@{scope}/{name}", PutAsync).Requires(PackageAction.Push).WithMetadata(largest);
        npm.MapPut("/@{scope}/{name}/-rev/{revision}", ReplaceAsync).Requires(PackageAction.Push)
            .WithMetadata(new BodyLimit(PublishDocument.MostBytes));
        npm.MapDelete("/@{scope}/{name}/-rev/{revision}", RemoveAsync).Requires(PackageAction.Delete);
        npm.MapDelete("/@{scope}/{name}/-/{file}/-rev/{revision}", RemoveFileAsync).Requires(PackageAction.Delete);
        npm.MapDelete("/@{scope}/{name}/-/@{again}/{file}/-rev/{revision}", RemoveFileAsync).Requires(PackageAction.Delete);

        const string tags = "/-/package/@{scope}/{name}/dist-tags";
        npm.MapGet(tags, TagsAsync).Requires(PackageAction.Pull);
        npm.MapPut(tags + "/{tag}", TagAsync).Requires(PackageAction.Push);
        npm.MapDelete(tags + "/{tag}", UntagAsync).Requires(PackageAction.Push);

        foreach (var path in new[] { "/{name}", "/{name}/{version}", "/{name}/-/{file}", "/{name}/-rev/{revision}" })
        {
            npm.MapMethods(path, ["GET", "HEAD", "PUT", "DELETE"], Unscoped).ForAnybody();
        }
    }

    private static async Task<IResult> PutAsync(
        HttpContext http, NpmAccess access, ReceivePublish receive, PublishVersion publish, ChangePackument change,
        CancellationToken cancellationToken)
    {
        await using var received = await receive.RunAsync(http.Request, access.Address, cancellationToken);
        if (received.Tarball is null)
        {
            if (access.PackageId is null)
            {
                return NpmErrors.Bad($"{access.Address} is not here, and the document that would publish it comes without its tarball");
            }

            await change.RunAsync(access, received.Document, received.Document.Revision, cancellationToken);
            return Done(access, StatusCodes.Status200OK);
        }

        if (await publish.RunAsync(access, received, cancellationToken) is { } notice)
        {
            http.Response.Headers["npm-notice"] = notice;
        }

        return Done(access, StatusCodes.Status201Created);
    }

    /// <summary>The body is the document without the versions to remove. For <c>npm owner</c> it is the list of people.</summary>
    private static async Task<IResult> ReplaceAsync(
        HttpContext http, NpmAccess access, string revision, ReceivePublish receive, ChangePackument change, PackageOwners owners,
        Db db, CancellationToken cancellationToken)
    {
        if (PackageOwners.Asks(http.Request))
        {
            var last = await db.ReadAsync(session => DocumentTable.RevisionAsync(session, access.PackageId ?? 0), cancellationToken);
            if (revision != Packuments.Revision(last))
            {
                return NpmErrors.Conflict($"{access.Address} has changed since it was read; try again");
            }

            await owners.ReplaceAsync(http.Request, access, cancellationToken);
            return Done(access, StatusCodes.Status200OK);
        }

        await using var received = await receive.RunAsync(http.Request, access.Address, cancellationToken);
        if (received.Tarball is not null)
        {
            return NpmErrors.Bad("a tarball is published without a revision");
        }

        await change.RunAsync(access, received.Document, revision, cancellationToken);
        return Done(access, StatusCodes.Status200OK);
    }

    private static async Task<IResult> RemoveAsync(
        NpmAccess access, string revision, ChangePackument change, CancellationToken cancellationToken)
    {
        await change.RemoveAllAsync(access, revision, cancellationToken);
        return Done(access, StatusCodes.Status200OK);
    }

    /// <summary>npm's last step of unpublishing: the version was removed from the document, and its file with it.</summary>
    private static async Task<IResult> RemoveFileAsync(
        NpmAccess access, string file, Db db, CancellationToken cancellationToken)
    {
        var version = NpmUrls.VersionOf(access.Address, file);
        var live = version is not null && access.PackageId is { } id
            && await db.ReadAsync(session => VersionTable.IsLiveAsync(session, id, version), cancellationToken);
        return live
            ? NpmErrors.Conflict($"version {version} of {access.Address} is there; take it out of the document first (npm unpublish does)")
            : Done(access, StatusCodes.Status200OK);
    }

    private static async Task<IResult> TagsAsync(NpmAccess access, Db db, CancellationToken cancellationToken)
    {
        if (access.PackageId is not { } id)
        {
            return NpmErrors.Unknown(access.Address);
        }

        var tags = await db.ReadAsync(
            async session => await DistTags.ReadAsync(session, id, (await NpmVersionTable.NumbersAsync(session, id)).Keys),
            cancellationToken);
        return Results.Json(tags, NpmJson.Default.IReadOnlyDictionaryStringString);
    }

    private static async Task<IResult> TagAsync(
        HttpRequest request, NpmAccess access, string tag, ChangePackument change, CancellationToken cancellationToken)
    {
        if (NpmGrammar.FaultOfTag(tag) is { } fault)
        {
            return NpmErrors.Bad(fault);
        }

        using var body = await ReceivedBody.ReadAsync(
            request, LargestTag, NpmErrors.TooLarge($"the body has more than {LargestTag} bytes"), cancellationToken);
        try
        {
            using var json = OutsideJson.Parse(body.Content, new JsonDocumentOptions { MaxDepth = 4 });
            if (json.RootElement.ValueKind != JsonValueKind.String || !NpmGrammar.IsVersion(json.RootElement.GetString()!, out _))
            {
                return NpmErrors.Bad("the body is the version as a JSON string: \"1.2.3\"");
            }

            await change.TagAsync(access, tag, json.RootElement.GetString()!, cancellationToken);
            return Done(access, StatusCodes.Status200OK);
        }
        catch (OutsideJsonException)
        {
            return NpmErrors.Bad("the body is the version as a JSON string: \"1.2.3\"");
        }
    }

    private static async Task<IResult> UntagAsync(NpmAccess access, string tag, ChangePackument change, CancellationToken cancellationToken)
    {
        if (tag == DistTags.Latest)
        {
            return NpmErrors.Bad("the tag latest stays: put it on another version (npm dist-tag add NAME@VERSION latest)");
        }

        await change.TagAsync(access, tag, null, cancellationToken);
        return Done(access, StatusCodes.Status200OK);
    }

    private static IResult Unscoped(string name) => NpmErrors.NotFound.Saying(
        $"{Shown.Of(name)} is not here: every package of this registry is @owner/name");

    private static IResult Done(NpmAccess access, int status) =>
        Results.Json(new NpmDone(true, access.Address.ToString()), NpmJson.Default.NpmDone, statusCode: status);
}
