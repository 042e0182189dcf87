using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>Names that containers have on the codespace's network.</summary>
internal static partial class HostNames
{
    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9])?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    public static partial Regex Grammar();
}
