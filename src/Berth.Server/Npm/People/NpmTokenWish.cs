using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Json;
using Berth.Server.Tokens;

namespace Berth.Server.Npm.People;

/// <summary>
/// Translates what <c>npm token create</c> asks for. A property that tokens here cannot have is refused rather than left out, because a
/// token must not be able to do more than was asked for.
/// </summary>
internal static class NpmTokenWish
{
    private const int LongestNote = 200;
    private const int MostDays = 36500;

    /// <param name="scopes">The scopes of the token that asks. If the request does not say otherwise, the new token may publish if that one
    /// may.</param>
    public static TokenRequest Read(JsonElement body, Scopes scopes, DateTimeOffset now)
    {
        if (body.ListOf("cidr_whitelist").Any())
        {
            throw Refused("a token here knows no addresses: leave --cidr away, and narrow it by --packages, --scopes and --expires");
        }

        if (body.ListOf("orgs").Any())
        {
            throw Refused("a token of npm's reaches packages alone: berth token create --scopes admin:org makes one for organizations");
        }

        var names = body.TextsOf("packages").ConvertAll(package => package.TrimStart('@'))
            .Concat(body.TextsOf("scopes").Select(scope => scope.TrimStart('@') + "/*")).ToList();
        var packages = names.Count == 0 ? null : names;
        if (TokenRequest.PatternsFault(packages) is { } fault)
        {
            throw Refused(fault);
        }

        var note = string.Join(": ", new[] { body.TextOf("name"), body.TextOf("description") }.Where(text => !string.IsNullOrEmpty(text)));
        return new TokenRequest(
            note.Length == 0 ? "npm token create" : ShortText.Of(note, LongestNote),
            Scopes.Parse(Writes(body, scopes) ? "write:packages" : "read:packages"), packages, Expires(body, now));
    }

    private static bool Writes(JsonElement body, Scopes scopes) => body.TextOf("packages_and_scopes_permission") switch
    {
        "read-only" => false,
        "read-write" => true,
        null => !IsTrue(body, "readonly") && scopes.WritesPackages,
        var other => throw Refused($"a token reads packages or writes them too, and is not {Shown.Quoted(other)}"),
    };

    private static DateTimeOffset? Expires(JsonElement body, DateTimeOffset now)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("expires", out var days) || days.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return days.ValueKind == JsonValueKind.Number && days.TryGetInt32(out var number) && number is > 0 and <= MostDays
            ? now.AddDays(number)
            : throw Refused($"--expires is a number of days from 1 to {MostDays}");
    }

    private static bool IsTrue(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static ApiException Refused(string reason) => new(NpmErrors.Bad(reason));
}
