using System.Text;
using System.Xml.Linq;

namespace Berth.Server.Api.Description;

/// <summary>The comments on the shared records and their properties, as Markdown.</summary>
internal sealed class WireComments
{
    private readonly Dictionary<string, string> _words = new(StringComparer.Ordinal);

    /// <summary>Reads the file that the compiler wrote for the client's assembly. The build embeds it in this one.</summary>
    public WireComments()
    {
        using var file = typeof(WireComments).Assembly.GetManifestResourceStream("Berth.Client.xml")
            ?? throw new InvalidOperationException("the build has left out the comments of Berth.Client");
        foreach (var member in XDocument.Load(file).Descendants("member"))
        {
            if (member.Element("summary") is { } summary)
            {
                _words[(string)member.Attribute("name")!] = Text(summary);
            }
        }
    }

    public string? Of(Type type) => _words.GetValueOrDefault($"T:{type.FullName}");

    public string? Of(Type type, string property)
    {
        for (var at = type; at is not null; at = at.BaseType)
        {
            if (_words.TryGetValue($"P:{at.FullName}.{property}", out var words))
            {
                return words;
            }
        }

        return null;
    }

    private static string Text(XElement comment)
    {
        var text = new StringBuilder();
        foreach (var node in comment.Nodes())
        {
            text.Append(node switch
            {
                XText words => words.Value,
                XElement { Name.LocalName: "see" or "paramref" } reference => $"`{Named(reference)}`",
                XElement element => $"`{element.Value}`",
                _ => "",
            });
        }

        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>The last part of the reference, such as <c>To</c> of <c>P:Berth.Client.Wire.TagMove.To</c>.</summary>
    private static string Named(XElement reference) => reference.FirstAttribute!.Value.Split('.')[^1];
}
