using Berth.Server.Access;
using Berth.Server.Api.Bodies;

namespace Berth.Server.Tokens;

/// <summary>A request for a new personal access token: <c>{note, scopes, packages?, expires_at}</c>.</summary>
internal sealed record TokenRequest(string? Note, Scopes Scopes, IReadOnlyList<string>? Packages, DateTimeOffset? ExpiresAt)
{
    private const int MostPatterns = 50;

    public static async Task<TokenRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync<Client.Wire.NewToken>(request, "Token", Check, cancellationToken);
        return new TokenRequest(
            body.Note, body.Scopes is { } names && Scopes.TryParse(names, out var scopes, out _) ? scopes : Scopes.None, body.Packages,
            body.ExpiresAt);
    }

    private static void Check(Client.Wire.NewToken body, BodyFaults faults)
    {
        if (body.Scopes is { } names && !Scopes.TryParse(names, out _, out var unknown))
        {
            faults.Add("scopes", $"there is no scope {unknown}; there are {string.Join(", ", Scopes.Known)}");
        }

        if (PatternsFault(body.Packages) is { } wrong)
        {
            faults.Add("packages", wrong);
        }
    }

    /// <summary>Null when no packages are named, or the patterns are allowed.</summary>
    public static string? PatternsFault(IReadOnlyList<string>? packages) =>
        packages?.FirstOrDefault(pattern => !PackagePatterns.IsValid(pattern)) is { } wrong
            ? $"'{wrong}' is no package pattern; write owner/name, owner/* or owner/name/*"
        : packages is { Count: 0 or > MostPatterns }
            ? $"packages must be 1 to {MostPatterns} patterns; leave it out for all packages"
        : null;
}
