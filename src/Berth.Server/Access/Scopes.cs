namespace Berth.Server.Access;

/// <summary>The scopes of a personal access token. They limit rights and never grant any.</summary>
public sealed class Scopes : IEquatable<Scopes>
{
    public static readonly IReadOnlyList<string> Known =
    [
        "read:packages", "write:packages", "delete:packages", "codespace", "repo", "read:org", "admin:org",
        "admin:repo_hook", "admin:org_hook", "read:audit_log", "user", "site_admin",
    ];

    /// <summary>The scopes of a browser session, which may do everything that its user may.</summary>
    public static readonly Scopes All = new(Known);

    public static readonly Scopes None = new([]);

    private readonly HashSet<string> _names;

    private Scopes(IEnumerable<string> names) => _names = new HashSet<string>(names, StringComparer.Ordinal);

    public IEnumerable<string> Names => Known.Where(_names.Contains);

    public bool ReadsPackages => _names.Contains("read:packages") || WritesPackages;

    public bool WritesPackages => _names.Contains("write:packages");

    /// <summary>Deleting needs this scope and one that reads.</summary>
    public bool DeletesPackages => _names.Contains("delete:packages") && ReadsPackages;

    public static Scopes Parse(string text) =>
        new(text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    /// <summary><paramref name="unknown"/> names the first scope that does not exist.</summary>
    public static bool TryParse(IEnumerable<string> names, out Scopes scopes, out string? unknown)
    {
        var list = names.ToList();
        unknown = list.FirstOrDefault(name => !Known.Contains(name, StringComparer.Ordinal));
        scopes = unknown is null ? new Scopes(list) : None;
        return unknown is null;
    }

    /// <summary><c>admin:org</c> includes <c>read:org</c>, <c>write:packages</c> includes <c>read:packages</c>.</summary>
    public bool Has(string scope) => scope switch
    {
        "read:packages" => ReadsPackages,
        "read:org" => _names.Contains("read:org") || _names.Contains("admin:org"),
        _ => _names.Contains(scope),
    };

    public string Describe() => _names.Count == 0 ? "no scopes" : ReferenceEquals(this, All) ? "all scopes" : string.Join(", ", Names);

    public override string ToString() => string.Join(' ', Names);

    public bool Equals(Scopes? other) => other is not null && (ReferenceEquals(this, other) || _names.SetEquals(other._names));

    public override bool Equals(object? obj) => Equals(obj as Scopes);

    public override int GetHashCode() => _names.Aggregate(0, (hash, name) => hash ^ string.GetHashCode(name, StringComparison.Ordinal));
}
