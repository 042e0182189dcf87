using System.Globalization;
using Berth.Server.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Berth.Server.Api;

/// <summary>One page of rows, and the number of all rows.</summary>
internal sealed record Page<T>(List<T> Items, long Total)
{
    public Page<TOther> Select<TOther>(Func<T, TOther> map) => new([.. Items.Select(map)], Total);
}

/// <summary>
/// GitHub's paging: <c>page</c> from 1, <c>per_page</c> 30 and at most 100, and a Link header whose URLs clients use as they are.
/// </summary>
internal sealed record Paging(int Number, int Size)
{
    private const int Largest = 100;
    private const int Usual = 30;

    /// <summary>For answers of other protocols, whose lists have no pages.</summary>
    public static readonly Paging Whole = new(1, int.MaxValue);

    public long Offset => (Number - 1L) * Size;

    /// <summary>A parameter that is not a whole number from 1 on gets 422. More than 100 a page counts as 100, as on GitHub.</summary>
    public static ValueTask<Paging?> BindAsync(HttpContext http)
    {
        var size = Read(http, "per_page", Usual);
        return ValueTask.FromResult<Paging?>(new Paging(Read(http, "page", 1), Math.Min(size, Largest)));
    }

    /// <summary>Takes the page out of a complete list.</summary>
    public Page<T> Of<T>(IReadOnlyCollection<T> all) => new([.. Offset > all.Count ? [] : all.Skip((int)Offset).Take(Size)], all.Count);

    /// <summary>Writes absolute URLs from <c>BERTH_URL</c>. There is no header when everything is on one page (RFC 8288).</summary>
    public void WriteLinks(HttpContext http, long total)
    {
        var last = (int)Math.Max(1, (total + Size - 1) / Size);
        if (last == 1 && Number == 1)
        {
            return;
        }

        List<string> links = [];
        if (Number > 1)
        {
            links.Add(Link(http, Math.Min(Number - 1, last), "prev"));
        }

        if (Number < last)
        {
            links.Add(Link(http, Number + 1, "next"));
            links.Add(Link(http, last, "last"));
        }

        if (Number > 1)
        {
            links.Add(Link(http, 1, "first"));
        }

        http.Response.Headers.Link = string.Join(", ", links);
    }

    private static string Link(HttpContext http, int page, string relation)
    {
        var root = http.RequestServices.GetRequiredService<AddressOptions>().BaseUri.GetLeftPart(UriPartial.Authority);
        var query = http.Request.Query
            .Where(pair => pair.Key is not "page")
            .SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value)))
            .Append(KeyValuePair.Create<string, string?>("page", page.ToString(CultureInfo.InvariantCulture)));

        // PathString writes the path as it was sent, so a %2F stays one.
        var url = QueryHelpers.AddQueryString(
            root + http.Request.PathBase + http.Request.Path.ToUriComponent().Replace("%252F", "%2F", StringComparison.OrdinalIgnoreCase),
            query);
        return $"<{url}>; rel=\"{relation}\"";
    }

    private static int Read(HttpContext http, string name, int otherwise)
    {
        var text = http.Request.Query[name].ToString();
        return text.Length == 0 ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 ? number
            : throw new ApiException(ApiErrors.Invalid("Query", name, $"{name} must be a whole number from 1 on"));
    }
}
