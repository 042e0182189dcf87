using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Registries.Remote;

/// <summary>
/// A registry that challenges and answers as a well-known one does. It knows one user, and has <c>acme/app:1</c> (linux/amd64 and
/// linux/arm64), <c>acme/arm:1</c> (only linux/arm64), <c>acme/single:1</c> (one manifest, linux/arm64) and <c>acme/secret:1</c>, which the
/// user may not read.
/// </summary>
/// <param name="Realm">Its token service. Null: the registry takes Basic.</param>
internal sealed record RegistryLike(string Server, string Origin, string? Realm, string Service)
{
    public const string Password = "correct horse battery";

    public string User { get; init; } = "ada";

    /// <summary>ghcr.io and gitlab.com refuse when a token is requested. Others issue a token without rights.</summary>
    public bool RefusesAtRealm { get; init; }

    public int RefusalStatus { get; init; } = 401;

    /// <summary>Azure issues a token that stands for the login.</summary>
    public bool GivesRefreshTokens { get; init; }

    private const string Config = """{"architecture":"arm64","os":"linux"}""";

    private static string Manifest(long layer) =>
        $$"""{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Digest(Config)}}","size":{{Config.Length}}},"layers":[{"digest":"{{Digest("layer")}}","size":{{layer}}}]}""";

    private static string Index(params string[] architectures)
    {
        var entries = architectures.Select((architecture, i) =>
            $$$"""{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{{Digest(Manifest(1000 + i))}}}","size":1,"platform":{"os":"linux","architecture":"{{{architecture}}}"}}""");
        var attestation = $$$"""{"digest":"{{{Digest("attestation")}}}","platform":{"os":"unknown","architecture":"unknown"}}""";
        return $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', entries.Append(attestation))}}]}""";
    }

    public static string Digest(string content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    public static readonly string AppDigest = Digest(Index("amd64", "arm64"));

    public static readonly RegistryLike[] All =
    [
        new("https://index.docker.io/v1/", "registry-1.docker.io", "https://auth.docker.io/token", "registry.docker.io"),
        new("ghcr.io", "ghcr.io", "https://ghcr.io/token", "ghcr.io") { RefusesAtRealm = true, RefusalStatus = 403 },
        new("mycompany.azurecr.io", "mycompany.azurecr.io", "https://mycompany.azurecr.io/oauth2/token", "mycompany.azurecr.io")
        {
            GivesRefreshTokens = true,
        },
        new("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", null, "ecr.amazonaws.com")
        {
            User = "AWS",
        },
        new("gcr.io", "gcr.io", "https://gcr.io/v2/token", "gcr.io") { User = "_json_key" },
        new("eu.gcr.io", "eu.gcr.io", "https://eu.gcr.io/v2/token", "eu.gcr.io") { User = "_json_key" },
        new("us.gcr.io", "us.gcr.io", "https://us.gcr.io/v2/token", "us.gcr.io") { User = "_json_key" },
        new("asia.gcr.io", "asia.gcr.io", "https://asia.gcr.io/v2/token", "asia.gcr.io") { User = "_json_key" },
        new("europe-docker.pkg.dev", "europe-docker.pkg.dev", "https://europe-docker.pkg.dev/v2/token", "europe-docker.pkg.dev")
        {
            User = "_json_key",
            RefusesAtRealm = true,
            RefusalStatus = 403,
        },
        new("public.ecr.aws", "public.ecr.aws", "https://public.ecr.aws/token/", "public.ecr.aws") { User = "AWS" },
        new("quay.io", "quay.io", "https://quay.io/v2/auth", "quay.io"),
        new("registry.gitlab.com", "registry.gitlab.com", "https://gitlab.com/jwt/auth", "container_registry")
        {
            RefusesAtRealm = true,
            RefusalStatus = 403,
        },
        new("harbor.example.org", "harbor.example.org", "https://harbor.example.org/service/token", "harbor-registry"),
        new("registry.example.org:5443", "registry.example.org", null, "registry"),
    ];

    public void Open(TestInternet internet)
    {
        internet.Serve(Origin, AnswerAsync);
        if (Realm is not null && new Uri(Realm).Host is var realm && realm != Origin)
        {
            internet.Serve(realm, TokenAsync);
        }
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        if (Realm is not null && path == new Uri(Realm).AbsolutePath)
        {
            await TokenAsync(http);
            return;
        }

        var (name, _) = Split(path);
        var allowed = Allowed(http, name);
        if (allowed is null)
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = Realm is null
                ? $"Basic realm=\"https://{Origin}/\",service=\"{Service}\""
                : $"Bearer realm=\"{Realm}\",service=\"{Service}\"" + (name.Length == 0 ? "" : $",scope=\"repository:{name}:pull\"");
            await http.Response.WriteAsync("""{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}""");
        }
        else if (allowed == false)
        {
            http.Response.StatusCode = 403;
            await http.Response.WriteAsync("""{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}""");
        }
        else
        {
            await ContentAsync(http, path);
        }
    }

    /// <summary>
    /// https://distribution.github.io/distribution/spec/auth/token/: grants the allowed part of what was asked, or refuses as ghcr.io does.
    /// </summary>
    private async Task TokenAsync(HttpContext http)
    {
        var anonymous = http.Request.Headers.Authorization.Count == 0;
        var known = http.Request.Headers.Authorization == Basic;
        var scope = http.Request.Query["scope"].ToString();
        var granted = scope.Split(':') is [_, var name, _] && name != "acme/secret" && known ? name : "";
        Assert.Equal(Service, http.Request.Query["service"].ToString());
        if ((!anonymous && !known) || (RefusesAtRealm && scope.Length > 0 && granted.Length == 0))
        {
            http.Response.StatusCode = RefusalStatus;
            await http.Response.WriteAsync(Origin == "registry-1.docker.io"
                ? """{"details":"incorrect username or password"}"""
                : """{"errors":[{"code":"DENIED","message":"denied"}]}""");
            return;
        }

        var refresh = GivesRefreshTokens && http.Request.Query["offline_token"] == "true" ? ",\"refresh_token\":\"refresh-of-ada\"" : "";
        await http.Response.WriteAsync(
            $$"""{"token":"token.{{Convert.ToBase64String(Encoding.UTF8.GetBytes(granted))}}.{{(anonymous ? "" : "known")}}","expires_in":300{{refresh}}}""");
    }

    private string Basic => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));

    /// <summary>Null: answer with a challenge.</summary>
    private bool? Allowed(HttpContext http, string name)
    {
        var authorization = http.Request.Headers.Authorization.ToString();
        if (Realm is null)
        {
            return authorization == Basic ? name != "acme/secret" : null;
        }

        if (authorization.Split('.') is not ["Bearer token", var granted, var known])
        {
            return null;
        }

        return name.Length == 0
            ? (known == "known" ? true : null)
            : Encoding.UTF8.GetString(Convert.FromBase64String(granted)) == name ? true : null;
    }

    private static async Task ContentAsync(HttpContext http, string path)
    {
        var (name, reference) = Split(path);
        string? body = (name, reference) switch
        {
            ("", _) => "{}",
            ("acme/app", "1") => Index("amd64", "arm64"),
            ("acme/arm", "1") => Index("arm64"),
            ("acme/single", "1") => Manifest(5),
            (_, var digest) when digest == AppDigest => Index("amd64", "arm64"),
            (_, var digest) when digest == Digest(Manifest(1000)) => Manifest(1000),
            (_, var digest) when digest == Digest(Manifest(1001)) => Manifest(1001),
            (_, var digest) when digest == Digest(Config) => Config,
            _ => null,
        };
        if (body is null)
        {
            http.Response.StatusCode = 404;
            await http.Response.WriteAsync(
                name == "acme/none"
                    ? """{"errors":[{"code":"NAME_UNKNOWN","message":"x"}]}"""
                    : """{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}""");
            return;
        }

        http.Response.ContentType = body.Contains("\"manifests\"", StringComparison.Ordinal)
            ? "application/vnd.oci.image.index.v1+json"
            : "application/vnd.oci.image.manifest.v1+json";
        http.Response.Headers["Docker-Content-Digest"] = Digest(body);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.ContentLength = body.Length;
            return;
        }

        await http.Response.WriteAsync(body);
    }

    private static (string Name, string Reference) Split(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length < 4 ? ("", "") : (string.Join('/', parts[1..^2]), parts[^1]);
    }

}
