using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Gate;

/// <summary>A request as it goes to the engine: written here, never copied from the client.</summary>
/// <param name="Target">Path and query without the version: <c>containers/create?name=…</c>.</param>
/// <param name="Remembers">The answer's <c>Id</c> is an exec that the codespace may start.</param>
internal sealed record GateCall(
    string Method, string Target, byte[]? Body = null, bool Hijack = false, bool Remembers = false, string? Starts = null)
{
    /// <summary>The answer's <c>Id</c> is a container of the codespace.</summary>
    public bool Makes { get; init; }
}

/// <summary>
/// The allow-list: which calls reach the engine, and as what. Everything else is refused. Containers are those of
/// <see cref="GateContainers"/>, addressed by their full id.
/// </summary>
/// <param name="scope">What the codespace may touch.</param>
/// <param name="ownContainer">The full id of a container of the codespace, null for every other.</param>
/// <param name="imageFolder">The folder in which an image's processes start, null when it names none.</param>
internal sealed class GateRules(
    GateScope scope, Func<string, CancellationToken, Task<string?>> ownContainer,
    Func<string, CancellationToken, Task<string?>> imageFolder)
{
    private static readonly JsonSerializerOptions Filters = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] Times = ["since", "until"];
    private readonly HashSet<string> _execs = new(StringComparer.Ordinal);

    public void Remember(string exec)
    {
        lock (_execs)
        {
            _execs.Add(exec);
        }
    }

    /// <exception cref="GateRefusedException">It is not on the list, or asks for too much.</exception>
    public async Task<GateCall> DecideAsync(GateRequest request, CancellationToken cancellationToken)
    {
        var segments = request.Path.Split('/')[1..];
        return (request.Method, segments) switch
        {
            ("GET", ["version"]) => Plain(request, "version"),
            ("GET", ["events"]) => Events(request),
            ("GET", ["images", ..]) when segments[^1] == "json" => Image(request, string.Join('/', segments[1..^1])),
            ("GET", ["containers", "json"]) => List(request),
            ("POST", ["containers", "create"]) => await CreateAsync(request, cancellationToken),
            (_, ["containers", var id, var action]) => await ContainerAsync(request, id, action, cancellationToken),
            (_, ["exec", var id, var action]) => Exec(request, id, action),
            ("POST", ["images", "create"]) => throw new GateRefusedException(
                403, $"pulling is Berth's part: the codespace's image is {scope.Image} and was pulled before"),
            (_, ["build" or "session" or "grpc", ..]) =>
                throw new GateRefusedException(403, "building images is not supported in codespaces by this version"),
            (_, ["volumes" or "networks", ..]) =>
                throw new GateRefusedException(403, $"{segments[0]} of the engine are not available to codespaces"),
            _ => throw new GateRefusedException(403, "this call of the engine is not available to codespaces"),
        };
    }

    /// <summary>Whether the engine is there is nobody's secret. Null: it is another call.</summary>
    public static GateCall? Ping(GateRequest request) =>
        request is { Method: "GET" or "HEAD", Path: "/_ping" } ? new GateCall(request.Method, "_ping") : null;

    /// <summary>The engine has made a container for the codespace.</summary>
    public Task MadeAsync(string container, CancellationToken cancellationToken) =>
        scope.Containers.AddAsync(container, cancellationToken);

    /// <summary>The engine has started a container of the codespace.</summary>
    public void Started(string container) => scope.Environment?.Started(container);

    private async Task<GateCall> ContainerAsync(GateRequest request, string id, string action, CancellationToken cancellationToken)
    {
        Func<string, GateCall> call = (request.Method, action) switch
        {
            ("GET", "json") => full => Plain(request, $"containers/{full}/json", "size"),
            ("GET", "top") => full => Plain(request, $"containers/{full}/top"),
            ("GET", "logs") =>
                full => Plain(
                    request, $"containers/{full}/logs", "stdout", "stderr", "follow", "tail", "timestamps", "since", "until", "details"),
            ("POST", "start") => full => Start(request, full),
            ("POST", "stop") => full => Plain(request, $"containers/{full}/stop", "t", "signal"),
            ("POST", "wait") => full => Plain(request, $"containers/{full}/wait", "condition"),
            ("POST", "resize") => full => Plain(request, $"containers/{full}/resize", "h", "w"),
            ("POST", "attach") => full =>
                Plain(request, $"containers/{full}/attach", "stdin", "stdout", "stderr", "stream", "logs", "detachKeys") with
                {
                    Hijack = request.Upgrade,
                },
            ("POST", "exec") => full => CreateExec(request, full),
            _ => throw new GateRefusedException(403, "this call on a container is not available to codespaces"),
        };

        // One answer for other people's containers and for none: a codespace learns nothing about its neighbours.
        var own = await ownContainer(id, cancellationToken) ?? throw new GateRefusedException(404, $"No such container: {id}");
        var decided = call(own);
        return action == "exec" && scope.Environment is { } inside ? await inside.AddAsync(own, decided, cancellationToken) : decided;
    }

    private async Task<GateCall> CreateAsync(GateRequest request, CancellationToken cancellationToken)
    {
        // The name is Berth's, so a second container for the same codespace cannot be.
        CheckParameters(request, "name", "platform");
        if (request.Query.TryGetValue("platform", out var platform) && platform.Length > 0)
        {
            throw new GateRefusedException(403, "another platform is not allowed");
        }

        var body = CreateContainerBody.Rewrite(request.Body, scope);

        // Without a folder in the request it is the image's.
        GateJson.CheckFolder(await imageFolder(scope.Image, cancellationToken));
        return new GateCall("POST", "containers/create?name=" + Uri.EscapeDataString(scope.ContainerName), body) { Makes = true };
    }

    private static GateCall Start(GateRequest request, string id)
    {
        if (request.Body.Length > 0)
        {
            throw new GateRefusedException(403, "a start takes no body: what the container may do was settled when it was created");
        }

        // No parameters go on: detachKeys means nothing here, and a checkpoint is a folder on the host.
        CheckParameters(request, "detachKeys");
        return new GateCall("POST", $"containers/{id}/start", Starts: id);
    }

    private GateCall Image(GateRequest request, string reference)
    {
        CheckParameters(request, "size");
        return reference == scope.Image
            ? new GateCall("GET", $"images/{reference}/json")
            : throw new GateRefusedException(404, $"No such image: {reference} (a codespace sees only its own, {scope.Image})");
    }

    private GateCall List(GateRequest request)
    {
        CheckParameters(request, "all", "filters", "limit", "size");
        var labels = new JsonArray($"{GateScope.Label}={scope.Codespace}");
        foreach (var (name, values) in ReadFilters(request))
        {
            if (name != "label")
            {
                throw new GateRefusedException(403, $"containers are listed by label; the filter {name} is not allowed");
            }

            values.ForEach(value => labels.Add(value));
        }

        var all = request.Query.GetValueOrDefault("all", "0") is "1" or "true" or "True" ? 1 : 0;
        var ids = new JsonArray([.. scope.Containers.Filter().Select(id => JsonValue.Create(id))]);
        return new GateCall("GET", $"containers/json?all={all}&filters={Escape(new JsonObject { ["id"] = ids, ["label"] = labels })}");
    }

    private GateCall Events(GateRequest request)
    {
        CheckParameters(request, "filters", "since", "until");
        var filters = new JsonObject
        {
            ["label"] = new JsonArray($"{GateScope.Label}={scope.Codespace}", $"{BerthLabels.Role}={ContainerRole.Dev}"),
            ["type"] = new JsonArray("container"),
        };
        foreach (var (name, values) in ReadFilters(request))
        {
            filters[name] = name switch
            {
                "event" => new JsonArray([.. values.Select(value => JsonValue.Create(value))]),
                "type" when values is ["container"] => new JsonArray("container"),
                _ => throw new GateRefusedException(403, $"the filter {name} is not allowed on events"),
            };
        }

        var times = Times.Where(request.Query.ContainsKey).Select(name => $"&{name}={Uri.EscapeDataString(request.Query[name])}");
        return new GateCall("GET", $"events?filters={Escape(filters)}{string.Concat(times)}");
    }

    private static GateCall CreateExec(GateRequest request, string id)
    {
        CheckParameters(request);
        using var document = GateJson.Parse(request.Body);
        var accepted = new JsonObject();
        foreach (var field in document.RootElement.EnumerateObject())
        {
            switch (field.Name)
            {
                case "Privileged" when !GateJson.IsDefault(field.Value):
                    throw new GateRefusedException(
                        403, "Privileged: privileged mode is not allowed: it would give the process the whole host");
                case "User" or "DetachKeys":
                    accepted[field.Name] = GateJson.String(field) ?? "";
                    break;
                case "WorkingDir":
                    accepted[field.Name] = GateJson.CheckFolder(GateJson.String(field)) ?? "";
                    break;
                case "Tty" or "AttachStdin" or "AttachStdout" or "AttachStderr":
                    accepted[field.Name] = GateJson.Boolean(field);
                    break;
                case "Env" or "Cmd":
                    accepted[field.Name] = GateJson.Strings(field);
                    break;
                default:
                    if (field.Name is not ("Detach" or "ConsoleSize") && !GateJson.IsDefault(field.Value))
                    {
                        throw new GateRefusedException(403, $"{field.Name}: not used by codespaces and therefore not allowed");
                    }

                    break;
            }
        }

        return new GateCall("POST", $"containers/{id}/exec", JsonSerializer.SerializeToUtf8Bytes(accepted), Remembers: true);
    }

    private GateCall Exec(GateRequest request, string id, string action)
    {
        lock (_execs)
        {
            if (!_execs.Contains(id))
            {
                throw new GateRefusedException(404, $"No such exec instance: {id}");
            }
        }

        switch (request.Method, action)
        {
            case ("GET", "json"):
                return Plain(request, $"exec/{id}/json");
            case ("POST", "resize"):
                return Plain(request, $"exec/{id}/resize", "h", "w");
            case ("POST", "start"):
                CheckParameters(request);
                using (var document = GateJson.Parse(request.Body))
                {
                    var accepted = new JsonObject();
                    foreach (var field in document.RootElement.EnumerateObject().Where(field => field.Name is "Detach" or "Tty"))
                    {
                        accepted[field.Name] = GateJson.Boolean(field);
                    }

                    return new GateCall("POST", $"exec/{id}/start", JsonSerializer.SerializeToUtf8Bytes(accepted), Hijack: request.Upgrade);
                }

            default:
                throw new GateRefusedException(403, "this call on an exec is not available to codespaces");
        }
    }

    /// <summary>A call without a body whose known parameters go on as they are.</summary>
    private static GateCall Plain(GateRequest request, string target, params string[] parameters)
    {
        CheckParameters(request, parameters);
        if (request.Body.Length > 0)
        {
            throw new GateRefusedException(400, "this call takes no body");
        }

        var query = string.Join('&', request.Query.Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));
        return new GateCall(request.Method, query.Length == 0 ? target : $"{target}?{query}");
    }

    private static void CheckParameters(GateRequest request, params string[] known)
    {
        if (request.Query.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw new GateRefusedException(403, $"the parameter {unknown} is not allowed here");
        }
    }

    /// <summary>Both spellings: <c>{"label":["a=b"]}</c>, and <c>{"label":{"a=b":true}}</c> as the docker CLI writes.</summary>
    private static IEnumerable<(string Name, List<string> Values)> ReadFilters(GateRequest request)
    {
        if (!request.Query.TryGetValue("filters", out var text) || text.Length == 0)
        {
            return [];
        }

        using var document = GateJson.Parse(System.Text.Encoding.UTF8.GetBytes(text));
        List<(string, List<string>)> filters = [];
        foreach (var filter in document.RootElement.EnumerateObject())
        {
            filters.Add((filter.Name, filter.Value.ValueKind == JsonValueKind.Object
                ? [.. filter.Value.EnumerateObject().Where(GateJson.Boolean).Select(value => value.Name)]
                : [.. GateJson.Strings(filter)?.Select(value => value!.GetValue<string>()) ?? []]));
        }

        return filters;
    }

    private static string Escape(JsonObject filters) => Uri.EscapeDataString(filters.ToJsonString(Filters));
}
