namespace Berth.Server.Codespaces.Expansion;

/// <summary>
/// What all texts of one repository together may grow to while a plan is made of them: a file of a few kilobytes can ask for gigabytes and
/// hours. There is one for a plan, from the first file that is read to the last Dockerfile that is sent to an engine. It is charged as
/// something grows, before it has grown, and every charge ends the work of a start or pre-flight that nobody waits for any more.
/// </summary>
internal sealed class ExpansionBudget(CancellationToken cancellationToken)
{
    /// <summary>What one text may become; the kernel takes no longer variable or argument.</summary>
    public const int LongestText = 128 * 1024;

    /// <summary>Characters that all texts become in which variables are replaced.</summary>
    public const long MostExpanded = 1024 * 1024;

    /// <summary>Characters of files, of which one may be named many times.</summary>
    public const long MostRead = 16 * 1024 * 1024;

    /// <summary>
    /// Characters that the engine has to keep: it writes the configuration of an image anew, with all variables and the history so far, for
    /// every instruction.
    /// </summary>
    public const long MostSent = 64 * 1024 * 1024;

    /// <summary>Values that are read, repeated, merged or compared.</summary>
    public const long MostValues = 200_000;

    /// <summary>Variables within the default of a variable.</summary>
    public const int Deepest = 16;

    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private long _expanded;
    private long _read;
    private long _sent;
    private long _values;

    /// <param name="more">Characters that are about to be added.</param>
    /// <param name="length">Of the text that they are added to, with them.</param>
    /// <exception cref="LimitException">It is too much.</exception>
    public void Expand(long more, long length, TextPlace place)
    {
        if (length > LongestText)
        {
            throw TooLarge(place, $"its variables make a text of more than {LongestText} characters");
        }

        Charge(ref _expanded, more, MostExpanded, place, "characters, with all variables replaced,");
    }

    /// <inheritdoc cref="Expand"/>
    public void Read(long characters, TextPlace place) => Charge(ref _read, characters, MostRead, place, "characters of files");

    /// <inheritdoc cref="Expand"/>
    public void Send(long characters, TextPlace place) =>
        Charge(
            ref _sent, characters, MostSent, place,
            "characters for the container engine, which keeps variables and history once for each instruction,");

    /// <inheritdoc cref="Expand"/>
    public void Values(long more, TextPlace place) =>
        Charge(ref _values, more, MostValues, place, "values, those that aliases, merges and extends repeat included,");

    /// <inheritdoc cref="Expand"/>
    public void Nest(int depth, TextPlace place)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (depth > Deepest)
        {
            throw TooLarge(place, $"variables are nested too deeply: more than {Deepest} levels");
        }
    }

    /// <summary>One more of what there may be a certain number of in all files.</summary>
    /// <exception cref="LimitException">It is one too many.</exception>
    public void Count(string what, int most, TextPlace place)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = _counts[what] = _counts.GetValueOrDefault(what) + 1;
        if (count > most)
        {
            throw TooLarge(place, $"the configuration has more than {most} {what}");
        }
    }

    private void Charge(ref long account, long more, long most, TextPlace place, string what)
    {
        cancellationToken.ThrowIfCancellationRequested();
        account += more;
        if (account > most)
        {
            throw TooLarge(place, $"the configuration has become too large here: more than {most} {what} in all its files");
        }
    }

    private static LimitException TooLarge(TextPlace place, string reason) => new($"{place}: {reason}");
}
