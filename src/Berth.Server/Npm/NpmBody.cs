using System.Text.Json;
using Berth.Server.Accounts;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Json;

namespace Berth.Server.Npm;

/// <summary>The small JSON object that npm sends with a command, even with a deletion.</summary>
internal static class NpmBody
{
    private static readonly JsonDocumentOptions Parsing = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>An empty body has no members.</summary>
    /// <exception cref="ApiException">400: it is not JSON. 413: it is too large.</exception>
    public static async Task<JsonElement> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = await ReceivedBody.ReadAsync(
            request, BodyLimit.Json, Errors.TooLarge(request.HttpContext, BodyLimit.Json), cancellationToken);
        if (body.Content.Length == 0)
        {
            return default;
        }

        try
        {
            using var json = OutsideJson.Parse(body.Content, Parsing);
            return json.RootElement.Clone();
        }
        catch (OutsideJsonException exception)
        {
            throw new ApiException(NpmErrors.Bad($"the body is not JSON: {exception.Message}"));
        }
    }

    /// <summary>A member that the command requires.</summary>
    public static string Needs(this JsonElement body, string name) =>
        body.TextOf(name) is { Length: > 0 } text ? text : throw new ApiException(NpmErrors.Bad($"the body has no {name}"));

    /// <summary>The user whom the command is about. npm removes the sign before the name in some commands and not in others.</summary>
    public static string NeedsUser(this JsonElement body)
    {
        var login = body.Needs("user").TrimStart('@', '~');
        return Login.Fault(login) is null
            ? login
            : throw new ApiException(NpmErrors.NotFound.Saying($"there is no user {Shown.Quoted(login)}"));
    }

    /// <summary>The texts of a list, without entries that are not text. Empty when the member is missing.</summary>
    public static List<string> TextsOf(this JsonElement body, string name) =>
        [.. body.ListOf(name).Where(one => one.ValueKind == JsonValueKind.String).Select(one => one.GetString()!)];
}
