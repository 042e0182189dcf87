namespace Berth.Server.Codespaces.Expansion;

/// <summary>
/// Limits how large all texts of one repository together may become while a plan is made of them. Without it, a file of a few kilobytes
/// could ask for gigabytes and hours. A plan has one budget, from the first file that is read to the last Dockerfile that is sent to an
/// engine. It is charged before something grows. Every charge also ends the work if nobody waits for the start or pre-flight any more.
/// </summary>
internal sealed class ExpansionBudget(CancellationToken cancellationToken)
{
    /// <summary>The longest that one text may become. The kernel takes no longer variable or argument.</summary>
    public const int LongestText = 128 * 1024;

    /// <summary>The limit of characters for all texts in which variables are replaced.</summary>
    public const long MostExpanded = 1024 * 1024;

    /// <summary>The limit of characters for all files. A file counts each time it is named.</summary>
    public const long MostRead = 16 * 1024 * 1024;

    /// <summary>
    /// The limit of characters that the engine has to keep. For every instruction it writes the image's configuration anew, with all
    /// variables and the history so far.
    /// </summary>
    public const long MostSent = 64 * 1024 * 1024;

    /// <summary>Values that are read, repeated, merged or compared.</summary>
    public const long MostValues = 200_000;

    /// <summary>How deeply variables may be nested in the defaults of others.</summary>
    public const int Deepest = 16;

    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private long _expanded;
    private long _read;
    private long _sent;
    private long _values;

    /// <param name="length">The length of the text after that.</param>
    /// <exception cref="LimitException">The limit is exceeded.</exception>
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

    /// <summary>Counts one more of something whose number is limited for all files together.</summary>
    /// <exception cref="LimitException">The limit is exceeded.</exception>
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
