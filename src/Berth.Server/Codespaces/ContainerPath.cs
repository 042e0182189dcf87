using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Codespaces;

/// <summary>
/// An absolute path in a container, in its only spelling: no empty part, no <c>.</c>, no <c>..</c>, no slash at its end. Code that checks a
/// path passes this one on, so that nothing reads it differently later. It says nothing about links in the container.
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

    /// <summary>The last part of the path. <c>.</c> for the root.</summary>
    public string Name => Text == "/" ? "." : Text[(Text.LastIndexOf('/') + 1)..];

    /// <summary>The parent folder. The root for the root itself.</summary>
    public string Folder => Text.LastIndexOf('/') is > 0 and var slash ? Text[..slash] : "/";

    /// <summary>
    /// The path lies in a filesystem of the kernel. Nobody works there or mounts anything there: <c>/proc/self/fd/N</c> once named a folder
    /// of the host that the runtime still had open (CVE-2024-21626).
    /// </summary>
    public bool IsKernels => Text.Split('/') is ["", "proc" or "sys" or "dev", ..];

    /// <summary>A repository may mount nothing here: the path belongs to the kernel or to Berth's own files.</summary>
    public bool IsReserved => IsKernels || Text.Split('/') is ["", "run", "berth", ..];

    /// <summary>Parses an absolute path. <c>..</c> removes the part before it. At the root it does nothing.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ContainerPath? path) => TryParse(text, Root, out path);

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
