namespace Berth.Client.Wire;

/// <summary>
/// A record that a request is written from here and read into by the server. Its attributes, and those below, say what may stand in it.
/// </summary>
#pragma warning disable CA1040 // Empty: it tells the records of requests from those of answers and from everything else of the same name.
public interface IRequestBody;
#pragma warning restore CA1040

/// <summary>How long the text of a request's field may be, where it is not the usual 255 characters.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LongestAttribute(int length) : Attribute
{
    public int Length { get; } = length;
}

/// <summary>The only words that a request's field may be.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OneOfAttribute(params string[] words) : Attribute
{
    public IReadOnlyList<string> Words { get; } = words;
}

/// <summary>The whole numbers that a request's field may be.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BetweenAttribute(long least, long most) : Attribute
{
    public long Least { get; } = least;

    public long Most { get; } = most;
}

/// <summary>The arguments of a process: texts of any length, also empty ones and with line ends, but without NUL.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ProcessArgumentsAttribute : Attribute;

/// <summary>A field that clients of GitHub know and this server does not: who sends it hears why not.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RefusedAttribute(string reason) : Attribute
{
    public string Reason { get; } = reason;
}
