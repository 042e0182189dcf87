using System.Text.RegularExpressions;

namespace Berth.Server.Accounts;

/// <summary>
/// The grammar of logins, and the logins that nobody may have: every first path segment that the server uses now or may use, and
/// <c>library</c>.
/// </summary>
internal static partial class Login
{
    private const int Longest = 39;

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "-", "v2", "token", "npm", "api", "oauth", "healthz", "readyz", "metrics", "library",
        "login", "logout", "join", "signup", "session", "sessions", "settings", "account", "accounts",
        "orgs", "organizations", "teams", "users", "user", "repos", "repositories", "packages", "codespaces", "secrets",
        "new", "explore", "search", "notifications", "about", "help", "docs", "support", "site", "dashboard",
        "assets", "static", "public", "images", "css", "js", "fonts", "favicon", "robots", "well-known", "_framework", "_blazor",
        "ghcr", "containers", "registry", "hooks", "webhooks", "audit", "admin", "error", "errors", "health", "status",
    };

    /// <summary>Null when the login is allowed. Otherwise says what is wrong with it.</summary>
    public static string? Fault(string login) =>
        login.Length > Longest ? $"a login has at most {Longest} characters"
        : !Grammar().IsMatch(login) ? "a login is letters and digits with single hyphens between them"
        : Reserved.Contains(login) ? $"the login {login} is reserved"
        : null;

    [GeneratedRegex(@"^[a-zA-Z0-9](-?[a-zA-Z0-9])*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
