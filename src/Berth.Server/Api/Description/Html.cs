using System.Net;
using System.Text;

namespace Berth.Server.Api.Description;

/// <summary>Text for a page. All text is escaped here, and nowhere else.</summary>
internal static class Html
{
    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A sentence with <c>`words`</c> in backticks.</summary>
    public static string Sentence(string? text)
    {
        var html = new StringBuilder();
        foreach (var (index, part) in (text ?? "").Split('`').Index())
        {
            html.Append(index % 2 == 1 ? $"<code>{Escape(part)}</code>" : Escape(part));
        }

        return html.ToString();
    }

    public static string Link(string anchor, string text) => $"<a href=\"#{Escape(anchor)}\">{Escape(text)}</a>";
}
