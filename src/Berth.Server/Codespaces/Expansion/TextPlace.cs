namespace Berth.Server.Codespaces.Expansion;

/// <summary>The place of a text in the repository.</summary>
/// <param name="Line">Counted from 1. 0 means the whole file.</param>
internal readonly record struct TextPlace(string File, int Line = 0)
{
    public override string ToString() => Line == 0 ? File : $"{File} line {Line}";
}
