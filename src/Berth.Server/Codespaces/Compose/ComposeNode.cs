using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// A value of a compose file, and where it is written: what is refused is named with file and line, also after files were merged.
/// </summary>
/// <param name="Line">Counted from 1.</param>
internal abstract record ComposeNode(string File, int Line)
{
    /// <summary>
    /// It counts instead of what earlier files say, rather than beside it (compose specification, "Merge"): <c>!override</c>, and
    /// <c>!reset</c>, which is nothing.
    /// </summary>
    public bool Replaces { get; init; }

    /// <summary>Nothing is written there, or something that means nothing.</summary>
    public virtual bool IsUnset => false;

    public TextPlace Place => new(File, Line);

    public FaultException Fault(string reason) => new(FaultKind.Configuration, $"{File}:{Line}: {reason}");
}

/// <summary>A scalar. All of them are texts here; what a text means depends on where it stands.</summary>
/// <param name="Plain">Without quotes.</param>
internal sealed record ComposeText(string File, int Line, string Value, bool Plain) : ComposeNode(File, Line)
{
    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";

    public bool? AsBoolean =>
        Value switch
        {
            "true" or "True" or "TRUE" or "yes" or "on" => true,
            "false" or "False" or "FALSE" or "no" or "off" => false,
            _ => null,
        };

    public override bool IsUnset => IsNull || AsBoolean == false;
}

internal sealed record ComposeList(string File, int Line, IReadOnlyList<ComposeNode> Items) : ComposeNode(File, Line)
{
    public override bool IsUnset => Items.Count == 0;
}

/// <summary>A mapping, in the order in which it is written.</summary>
internal sealed record ComposeMap(string File, int Line, IReadOnlyDictionary<string, ComposeNode> Entries) : ComposeNode(File, Line)
{
    public override bool IsUnset => Entries.Count == 0;

    /// <summary>Null where nothing is written.</summary>
    public ComposeNode? this[string name] =>
        Entries.GetValueOrDefault(name) is { } node && node is not ComposeText { IsNull: true } ? node : null;

    /// <summary>With these in place of its own.</summary>
    public ComposeMap With(params (string Name, ComposeNode Node)[] entries)
    {
        var all = new OrderedDictionary<string, ComposeNode>(Entries, StringComparer.Ordinal);
        foreach (var (name, node) in entries)
        {
            all[name] = node;
        }

        return this with { Entries = all };
    }

    public ComposeMap Without(string name) =>
        this with
        {
            Entries = new OrderedDictionary<string, ComposeNode>(Entries.Where(entry => entry.Key != name), StringComparer.Ordinal),
        };
}
