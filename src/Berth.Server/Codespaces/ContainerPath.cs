using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Codespaces;

/// <summary>
/// An absolute path in a container, in its one spelling: no empty part, no <c>.</c>, no <c>..</c>, no slash at its end. Whoever decides
/// about a path decides about this one and passes it on, so that nothing reads it differently. It says nothing of links in the container.
/// </summary>
internal sealed record ContainerPath
{
    private const int Longest = 4096;

    private ContainerPath(string text)
    {
        Text = text;
    }

    public static ContainerPath Root { get; } = new("/");

    public string Text { get; }

    /// <summary>Its last part; <c>.</c> for the root.</summary>
    public string Name => Text == "/" ? "." : Text[(Text.LastIndexOf('/') + 1)..];

    /// <summary>What it lies in; the root for itself.</summary>
    public string Folder => Text.LastIndexOf('/') is > 0 and var slash ? Text[..slash] : "/";

    /// <summary>
    /// In a filesystem of the kernel's. Nobody works there or has anything mounted there: <c>/proc/self/fd/N</c> named a folder of the host
    /// that the runtime still had open (CVE-2024-21626).
    /// </summary>
    public bool IsKernels => Text.Split('/') is ["", "proc" or "sys" or "dev", ..];

    /// <summary>Nothing of a repository's is mounted there: the kernel's, and where Berth's own files lie.</summary>
    public bool IsReserved => IsKernels || Text.Split('/') is ["", "run", "berth", ..];

    /// <summary>An absolute path; <c>..</c> leads up from what was written before it, and from the root nowhere.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ContainerPath? path) => TryParse(text, Root, out path);

    /// <param name="from">Where a path begins that is not absolute.</param>
    public static bool TryParse(string? text, ContainerPath from, [NotNullWhen(true)] out ContainerPath? path)
    {
        path = null;
        if (text is null or { Length: 0 or > Longest } || text.Any(char.IsControl))
        {
            return false;
        }

        List<string> parts = [];
        foreach (var part in (text[0] == '/' ? text : $"{from.Text}/{text}").Split('/'))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(parts.Count - 1, 0), Math.Min(parts.Count, 1));
            }
            else if (part is not ("" or "."))
            {
                parts.Add(part);
            }
        }

        path = new ContainerPath("/" + string.Join('/', parts));
        return true;
    }

    public ContainerPath Below(string name) => new($"{(Text == "/" ? "" : Text)}/{name}");

    public override string ToString() => Text;
}
