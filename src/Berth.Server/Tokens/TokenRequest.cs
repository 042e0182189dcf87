using Berth.Server.Access;
using Berth.Server.Api;

namespace Berth.Server.Tokens;

/// <summary>What somebody asks of a new personal access token: <c>{note, scopes, packages?, expires_at}</c>.</summary>
internal sealed record TokenRequest(string? Note, Scopes Scopes, IReadOnlyList<string>? Packages, DateTimeOffset? ExpiresAt)
{
    private const int MostPatterns = 50;

    public static async Task<TokenRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, "Token", cancellationToken);
        var note = body.Text("note");
        var scopes = Scopes.None;
        if (body.Texts("scopes") is { } names && !Scopes.TryParse(names, out scopes, out var unknown))
        {
            body.Fault("scopes", "invalid", $"there is no scope {unknown}; there are {string.Join(", ", Scopes.Known)}");
        }

        var patterns = body.Texts("packages");
        if (patterns?.Find(pattern => !PackagePatterns.IsValid(pattern)) is { } wrong)
        {
            body.Fault("packages", "invalid", $"'{wrong}' is no package pattern; write owner/name, owner/* or owner/name/*");
        }
        else if (patterns is { Count: 0 or > MostPatterns })
        {
            body.Fault("packages", "invalid", $"packages must be 1 to {MostPatterns} patterns; leave it out for all packages");
        }

        var expires = body.Time("expires_at");
        body.Validate();
        return new TokenRequest(note, scopes, patterns, expires);
    }
}
