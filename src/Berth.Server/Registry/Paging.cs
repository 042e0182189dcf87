using System.Globalization;
using Berth.Server.Http;

namespace Berth.Server.Registry;

/// <summary>The parameters <c>n</c> and <c>last</c> of the registry's lists: distribution-spec, "Listing tags".</summary>
internal readonly record struct Paging(int Count, string Last)
{
    private const int Usual = 1000;
    private const int Most = 10_000;

    public static bool TryParse(IQueryCollection query, out Paging paging, out ApiError? error)
    {
        paging = new Paging(Usual, query["last"].FirstOrDefault() ?? "");
        error = null;
        if (paging.Last.Any(char.IsControl))
        {
            // No tag and no digest contains NUL, and PostgreSQL does not accept it.
            error = RegistryErrors.PaginationInvalid.Saying("invalid start of the results requested")
                .With("last is a name, tag or digest of the page before");
            return false;
        }

        if (query["n"].FirstOrDefault() is not { } text)
        {
            return true;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            error = RegistryErrors.PaginationInvalid.With("n is a number of results, 0 or more");
            return false;
        }

        paging = paging with { Count = (int)Math.Min(count, Most) };
        return true;
    }

    /// <summary>RFC 8288. The target is an absolute path.</summary>
    public static void Link(HttpResponse response, string path, int count, string last, string more = "") =>
        response.Headers.Link = string.Create(
            CultureInfo.InvariantCulture, $"<{path}?n={count}&last={Uri.EscapeDataString(last)}{more}>; rel=\"next\"");
}
