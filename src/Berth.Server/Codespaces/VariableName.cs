using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces;

/// <summary>The name of a variable of a process: letters, digits and <c>_</c>, no digit first (POSIX, "Environment Variables").</summary>
internal static partial class VariableName
{
    public static bool IsOne(ReadOnlySpan<char> text) => Grammar().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
