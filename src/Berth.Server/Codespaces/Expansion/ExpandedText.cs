using System.Text;

namespace Berth.Server.Codespaces.Expansion;

/// <summary>Builds a text in which variables are replaced. Nothing is added that exceeds the budget.</summary>
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
