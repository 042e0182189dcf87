namespace Berth.Server.Registries.Remote;

/// <summary>
/// One challenge of <c>WWW-Authenticate</c> (RFC 9110 section 11.6.1). A header may contain several, and there may be several headers. What
/// is malformed is skipped.
/// </summary>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    private const int Most = 16;

    public string? this[string name] => Parameters.GetValueOrDefault(name);

    /// <summary>Prefers Bearer to Basic, since a token is for one repository and a few minutes, and a password is not.</summary>
    public static Challenge? Best(IEnumerable<string> headers)
    {
        var all = headers.SelectMany(Parse).Take(Most).ToList();
        return all.Find(c => c.Is("Bearer") && c["realm"] is not null) ?? all.Find(c => c.Is("Basic"));
    }

    public bool Is(string scheme) => Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase);

    public static IReadOnlyList<Challenge> Parse(string header)
    {
        List<Challenge> found = [];
        Dictionary<string, string>? parameters = null;
        var at = 0;
        while (at < header.Length && found.Count <= Most)
        {
            if (header[at] is ' ' or '\t' or ',')
            {
                at++;
                continue;
            }

            var token = Token(header, ref at);
            if (token.Length == 0)
            {
                // Skip a stray quote or equals sign.
                at++;
                continue;
            }

            var next = at;
            Skip(header, ref next);
            if (parameters is not null && next < header.Length && header[next] == '=')
            {
                at = next + 1;
                Skip(header, ref at);
                parameters.TryAdd(token.ToLowerInvariant(), Value(header, ref at));
            }
            else
            {
                parameters = new Dictionary<string, string>(StringComparer.Ordinal);
                found.Add(new Challenge(token, parameters));
            }
        }

        return found;
    }

    private static string Token(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && text[at] is not (' ' or '\t' or ',' or '=' or '"'))
        {
            at++;
        }

        return text[start..at];
    }

    private static string Value(string text, ref int at)
    {
        if (at >= text.Length || text[at] != '"')
        {
            return Token(text, ref at);
        }

        var value = new System.Text.StringBuilder();
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }

            value.Append(text[at]);
        }

        at++;
        return value.ToString();
    }

    private static void Skip(string text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }
    }
}
