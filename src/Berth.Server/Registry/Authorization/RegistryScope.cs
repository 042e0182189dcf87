using Berth.Server.Oci;

namespace Berth.Server.Registry.Authorization;

/// <summary>The actions of the registry's tokens, as flags.</summary>
[Flags]
internal enum RegistryActions
{
    None = 0,
    Pull = 1,
    Push = 2,
    Delete = 4,
    All = Pull | Push | Delete,
}

/// <summary>
/// One requested scope, <c>repository:NAME:ACTION[,ACTION]</c>. <c>*</c> requests all actions. The type may have a class,
/// <c>repository(plugin)</c>. See "Resource scope" in distribution's token specification.
/// </summary>
internal sealed record RegistryScope(string Name, RegistryActions Asked)
{
    /// <summary>Distribution's scope for the list of all repositories. There is no other action on it.</summary>
    public const string Catalog = "registry:catalog:*";

    public static string Text(string name, RegistryActions actions) => $"repository:{name}:{Names(actions)}";

    public static string Names(RegistryActions actions)
    {
        List<string> names = [];
        if (actions.HasFlag(RegistryActions.Pull))
        {
            names.Add("pull");
        }

        if (actions.HasFlag(RegistryActions.Push))
        {
            names.Add("push");
        }

        if (actions.HasFlag(RegistryActions.Delete))
        {
            names.Add("delete");
        }

        return string.Join(',', names);
    }

    /// <summary>Scopes with other types, bad names or unknown actions grant nothing and are left out.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RegistryScope? scope)
    {
        scope = null;
        var first = text.IndexOf(':', StringComparison.Ordinal);
        var last = text.LastIndexOf(':');
        if (first <= 0 || last <= first)
        {
            return false;
        }

        var type = text[..first];
        var bracket = type.IndexOf('(', StringComparison.Ordinal);
        if ((bracket > 0 ? type[..bracket] : type) is not "repository" || !ImageName.TryParse(text[(first + 1)..last], out var name))
        {
            return false;
        }

        var actions = RegistryActions.None;
        foreach (var action in text[(last + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            actions |= action switch
            {
                "pull" => RegistryActions.Pull,
                "push" => RegistryActions.Push,
                "delete" => RegistryActions.Delete,
                "*" => RegistryActions.All,
                _ => RegistryActions.None,
            };
        }

        scope = new RegistryScope(name.Value, actions);
        return true;
    }
}

/// <summary>Everything that a token is asked for. Requests for the same repository are merged.</summary>
/// <param name="Catalog">Whether the list of what the caller may pull was asked for.</param>
internal sealed record AskedScopes(IReadOnlyList<RegistryScope> Repositories, bool Catalog)
{
    private const int Most = 64;

    /// <summary>
    /// The limit for all scopes together, since they are part of the token, which a client must be able to send in a header.
    /// </summary>
    private const int MostCharacters = 8 * 1024;

    /// <summary>Reads repeated parameters, and several scopes separated by spaces in one.</summary>
    /// <returns>Says why there are too many. Null: there are not.</returns>
    public static string? Read(IEnumerable<string?> values, out AskedScopes scopes)
    {
        var asked = new Dictionary<string, RegistryActions>(StringComparer.Ordinal);
        var (count, characters, catalog) = (0, 0, false);
        foreach (var text in values.SelectMany(value => (value ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            count++;
            characters += text.Length;
            catalog |= text == RegistryScope.Catalog;
            if (RegistryScope.TryParse(text, out var scope))
            {
                asked[scope.Name] = asked.GetValueOrDefault(scope.Name) | scope.Asked;
            }
        }

        scopes = new AskedScopes([.. asked.Select(pair => new RegistryScope(pair.Key, pair.Value))], catalog);
        return count > Most ? $"at most {Most} scopes may be asked at once"
            : characters > MostCharacters ? $"the scopes have more than {MostCharacters} characters"
            : null;
    }
}
