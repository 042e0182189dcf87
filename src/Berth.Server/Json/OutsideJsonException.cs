using System.Text.Json;

namespace Berth.Server.Json;

/// <summary>Why JSON from outside cannot be read.</summary>
internal enum OutsideJsonFault
{
    /// <summary>It breaks the rules of the parse: malformed, too deep, or a name that is there twice.</summary>
    NotJson,

    /// <summary>Its bytes are not UTF-8.</summary>
    NotUtf8,

    /// <summary>A string in it is not Unicode text: half of a surrogate pair.</summary>
    NotText,
}

/// <summary>JSON from outside cannot be read. The exception has the reason for a person, and the place if there is one.</summary>
internal sealed class OutsideJsonException : Exception
{
    private OutsideJsonException(OutsideJsonFault fault, string reason, Exception? cause)
        : base(reason, cause) => Fault = fault;

    public OutsideJsonFault Fault { get; }

    /// <summary>Counted from 1. Null when the whole document is meant.</summary>
    public long? Line { get; private init; }

    /// <summary>In bytes of the line, counted from 1.</summary>
    public long? Column { get; private init; }

    /// <summary>Uses the runtime's words, without its own names of members and without the place, which it counts from 0.</summary>
    public static OutsideJsonException NotJson(JsonException cause)
    {
        var words = cause.Message;
        foreach (var end in new[] { " LineNumber:", " Path:" })
        {
            var at = words.IndexOf(end, StringComparison.Ordinal);
            words = at < 0 ? words : words[..at];
        }

        return new OutsideJsonException(OutsideJsonFault.NotJson, words.TrimEnd(), cause)
        {
            Line = cause.LineNumber + 1,
            Column = cause.BytePositionInLine + 1,
        };
    }

    public static OutsideJsonException NotUtf8() => new(OutsideJsonFault.NotUtf8, "it is not UTF-8", null);

    public static OutsideJsonException NotText(Exception cause) =>
        new(OutsideJsonFault.NotText, "a string in it is not valid Unicode", cause);
}
