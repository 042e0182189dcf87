using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// A value of a compose file, with its file and line. A refusal can name them, even after files were merged.
/// </summary>
/// <param name="Line">Counted from 1.</param>
internal abstract record ComposeNode(string File, int Line)
{
    /// <summary>
    /// The value replaces that of earlier files instead of being merged with it (compose specification, "Merge"). This is <c>!override</c>,
    /// or <c>!reset</c>, which removes the value.
    /// </summary>
    public bool Replaces { get; init; }

    /// <summary>There is no value, or one without effect.</summary>
    public virtual bool IsUnset => false;

    public TextPlace Place => new(File, Line);

    public FaultException Fault(string reason) => new(FaultKind.Configuration, $"{File}:{Line}: {reason}");
}

/// <summary>A scalar. All scalars are kept as text, since their meaning depends on the property.</summary>
/// <param name="Plain">It is written without quotes.</param>
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

    /// <summary>The value of a property. Null when there is none.</summary>
    public ComposeNode? this[string name] =>
        Entries.GetValueOrDefault(name) is { } node && node is not ComposeText { IsNull: true } ? node : null;

    /// <summary>Returns a copy with these entries instead of its own.</summary>
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
