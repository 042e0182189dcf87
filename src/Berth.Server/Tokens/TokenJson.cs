using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Authentication;

namespace Berth.Server.Tokens;

/// <summary>Personal tokens in the API, without their value.</summary>
internal static class TokenJson
{
    public static Token ToWire(this PersonalTokenRow row, ApiUrls urls) => new()
    {
        Id = row.Id,
        Url = $"{urls.Api}/user/tokens/{row.Id}",
        Note = row.Note,
        Scopes = [.. Scopes.Parse(row.Scopes).Names],
        Packages = row.Patterns is null ? null : PackagePatterns.Parse(row.Patterns).Patterns,
        CreatedAt = row.CreatedAt,
        ExpiresAt = row.ExpiresAt,
        LastUsedAt = row.LastUsedAt,
    };
}
