namespace Berth.Client.Wire;

/// <summary>
/// A record that clients write a request's body from, and that the server reads it into. Its attributes and the attributes below say which
/// values are allowed.
/// </summary>
#pragma warning disable CA1040 // Empty: it tells the records of requests from those of answers and from everything else of the same name.
public interface IRequestBody;
#pragma warning restore CA1040

/// <summary>The longest allowed text of a request's field, if it is not the usual 255 characters.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LongestAttribute(int length) : Attribute
{
    public int Length { get; } = length;
}

/// <summary>The only allowed words of a request's field.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OneOfAttribute(params string[] words) : Attribute
{
    public IReadOnlyList<string> Words { get; } = words;
}

/// <summary>The allowed whole numbers of a request's field.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BetweenAttribute(long least, long most) : Attribute
{
    public long Least { get; } = least;

    public long Most { get; } = most;
}

/// <summary>The arguments of a process: texts of any length, also empty ones and ones with line ends, but without NUL.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ProcessArgumentsAttribute : Attribute;

/// <summary>A field that GitHub's clients know and this server does not accept. The answer says why.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RefusedAttribute(string reason) : Attribute
{
    public string Reason { get; } = reason;
}
