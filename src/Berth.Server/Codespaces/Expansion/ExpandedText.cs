using System.Text;

namespace Berth.Server.Codespaces.Expansion;

/// <summary>A text in which variables are replaced, as it grows: nothing is added that the budget does not have.</summary>
internal sealed class ExpandedText(ExpansionBudget budget, TextPlace place)
{
    private readonly StringBuilder _text = new();

    public ExpandedText Append(char c) => Append([c]);

    public ExpandedText Append(ReadOnlySpan<char> part)
    {
        budget.Expand(part.Length, _text.Length + (long)part.Length, place);
        _text.Append(part);
        return this;
    }

    public override string ToString() => _text.ToString();
}
