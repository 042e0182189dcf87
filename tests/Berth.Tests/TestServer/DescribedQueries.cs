using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Berth.Server.Api.Description;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace Berth.Tests.TestServer;

/// <summary>
/// Answers a request of the API with 500 if its handler reads a query parameter that its route does not describe, in whichever test that
/// happens.
/// </summary>
internal sealed class DescribedQueries : IStartupFilter
{
    private static readonly string[] OfEveryList = ["page", "per_page"];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(
            (http, rest) =>
            {
                http.Features.Set<IQueryFeature>(new Feature(http));
                return rest(http);
            });
        next(app);
    };

    private static void Demand(HttpContext http, string name)
    {
        if (http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } path } route
            && path.StartsWith("/api/v3/", StringComparison.Ordinal) && !OfEveryList.Contains(name)
            && !route.Metadata.OfType<RouteQuery>().Any(query => query.Name == name))
        {
            throw new InvalidOperationException($"{path} reads {name} of the query, and does not say so with .Asks(…)");
        }
    }

    private sealed class Feature(HttpContext http) : IQueryFeature
    {
        private readonly QueryFeature _usual = new(http.Features);

        public IQueryCollection Query
        {
            get => new Watched(http, _usual.Query);
            set => _usual.Query = value;
        }
    }

    private sealed class Watched(HttpContext http, IQueryCollection query) : IQueryCollection
    {
        public int Count => query.Count;

        public ICollection<string> Keys => query.Keys;

        public StringValues this[string key]
        {
            get
            {
                Demand(http, key);
                return query[key];
            }
        }

        public bool ContainsKey(string key)
        {
            Demand(http, key);
            return query.ContainsKey(key);
        }

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out StringValues value)
        {
            Demand(http, key);
            return query.TryGetValue(key, out value);
        }

        public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => query.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
