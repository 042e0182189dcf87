using System.Globalization;
using System.Reflection;
using System.Text;
using Berth.Server.Api.Bodies;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Berth.Server.Api.Description;

/// <summary>A route of the REST API with one method: what its declaration says, and what follows from its handler and its path.</summary>
internal sealed class DescribedRoute
{
    private readonly RouteEndpoint _endpoint;
    private readonly MethodInfo _handler;

    private DescribedRoute(RouteEndpoint endpoint, string method)
    {
        _endpoint = endpoint;
        _handler = endpoint.Metadata.GetMetadata<MethodInfo>()
            ?? throw new InvalidOperationException($"{endpoint.DisplayName} has no handler that could be looked at");
        Method = method;
        Segments = [.. endpoint.RoutePattern.PathSegments.Skip(ApiFeature.Root.Count(c => c == '/')).Select(Segment)];
    }

    public string Method { get; }

    /// <summary>The path below <see cref="ApiFeature.Root"/>, with parameters in braces.</summary>
    public IReadOnlyList<string> Segments { get; }

    public string Path => "/" + string.Join('/', Segments);

    public string? Summary => _endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>()?.Summary;

    public ApiRoute Mark => _endpoint.Metadata.GetMetadata<ApiRoute>()!;

    public bool Reads => Method == "GET";

    public bool ByIds => _endpoint.Metadata.GetMetadata<ByIds>() is not null;

    public CodespaceReach Reach => _endpoint.Metadata.OfType<CodespaceReach>().FirstOrDefault();

    public RouteBody? Body => _endpoint.Metadata.GetMetadata<RouteBody>();

    public IEnumerable<RouteQuery> Queries => _endpoint.Metadata.OfType<RouteQuery>();

    public IEnumerable<IProducesResponseTypeMetadata> Answers => _endpoint.Metadata.OfType<IProducesResponseTypeMetadata>();

    /// <summary>Whether the handler answers one page of a list.</summary>
    public bool IsPaged => Array.Exists(_handler.GetParameters(), parameter => parameter.ParameterType == typeof(Paging));

    /// <summary>The folder of the feature, and the folder below it: <c>Packages / Versions</c>.</summary>
    public string Tag
    {
        get
        {
            var folders = _handler.DeclaringType!.Namespace!.Split('.').Skip(2).Take(2).ToList();
            return folders[0] == "Api" ? "About the API" : string.Join(" / ", folders.Select(Spaced));
        }
    }

    /// <summary>
    /// The method and the words of the path, and the last parameter if the path ends with one: <c>getOrgsTeamsByTeamSlug</c>.
    /// </summary>
    public string Id
    {
        get
        {
            var words = Segments.Where(segment => !segment.StartsWith('{')).ToList();
            if (Segments.Count > 0 && Segments[^1].StartsWith('{'))
            {
                words.Add("by-" + Segments[^1].Trim('{', '}'));
            }

            return Method.ToLowerInvariant() + (words.Count == 0 ? "Root" : string.Concat(words.Select(Pascal)));
        }
    }

    /// <summary>All routes, in the order of their paths.</summary>
    public static IReadOnlyList<DescribedRoute> All(EndpointDataSource endpoints) =>
    [
        .. endpoints.Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith(ApiFeature.Root + "/", StringComparison.Ordinal))
            .SelectMany(endpoint => Methods(endpoint).Select(method => new DescribedRoute(endpoint, method)))
            .OrderBy(route => route.Path, StringComparer.Ordinal)
            .ThenBy(route => route.Method, StringComparer.Ordinal),
    ];

    /// <summary>Whether the handler takes a parameter of the path as a whole number.</summary>
    public bool IsNumber(string parameter) =>
        (ByIds && parameter is ("org" or "team_slug"))
        || Array.Exists(_handler.GetParameters(), one => one.Name == parameter && one.ParameterType == typeof(long));

    /// <summary>Leaves out HEAD, which every GET answers too and which needs no description of its own.</summary>
    private static IEnumerable<string> Methods(RouteEndpoint endpoint) =>
        (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Where(method => method != "HEAD");

    private static string Segment(RoutePatternPathSegment segment) => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
        _ => throw new InvalidOperationException($"no words for {part}"),
    }));

    /// <summary><c>RegistryChecks</c> becomes <c>Registry checks</c>.</summary>
    private static string Spaced(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            text.Append(
                text.Length > 0 && char.IsUpper(letter)
                    ? " " + char.ToLower(letter, CultureInfo.InvariantCulture)
                    : letter.ToString());
        }

        return text.ToString();
    }

    /// <summary><c>team_slug</c> becomes <c>TeamSlug</c>.</summary>
    private static string Pascal(string name) => string.Concat(
        name.Split(['-', '_', '.'], StringSplitOptions.RemoveEmptyEntries)
            .Select(word => char.ToUpper(word[0], CultureInfo.InvariantCulture) + word[1..]));
}
