using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Berth.Server.Faults;
using Berth.Server.Json;
using Berth.Server.Oci;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// One conversation with one registry about one login. It finds out what the registry requires (ping and challenge), gets a token if one is
/// needed, and sends requests. It throws <see cref="FaultException"/> with the reason in words.
/// </summary>
/// <param name="origins">The places where the registry may be. The first that answers counts.</param>
/// <param name="login">Null: without a login.</param>
internal sealed class RegistryConversation(
    RegistryWire wire, RealmRule realms, TimeProvider time, RegistryHost host, IReadOnlyList<Uri> origins, RegistryLogin? login)
{
    private const int LargestToken = 256 * 1024;
    private const int LongestToken = 64 * 1024;
    private static readonly TimeSpan DefaultLife = TimeSpan.FromSeconds(60);
    private Uri? _origin;
    private AuthenticationHeaderValue? _authorization;

    public RemoteScheme Scheme { get; private set; }

    public RemoteToken? Token { get; private set; }

    /// <summary>Requests <c>/v2/</c> and signs in as the registry demands.</summary>
    /// <param name="scope">What is asked for. Null: only checks whether the login is valid.</param>
    public async Task OpenAsync(string? scope, bool offline, CancellationToken cancellationToken)
    {
        using var response = await PingAsync(cancellationToken);
        var asked = response.RequestMessage!.RequestUri!;
        if (!asked.IdnHost.Equals(_origin!.IdnHost, StringComparison.OrdinalIgnoreCase))
        {
            throw new FaultException(
                FaultKind.Unusable, $"{host} redirects to {asked.Authority}; a login goes nowhere by redirect: name that host itself");
        }

        if (login?.Bearer is { } bearer)
        {
            Scheme = RemoteScheme.Bearer;
            _authorization = new AuthenticationHeaderValue("Bearer", bearer);
            return;
        }

        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                return;
            case HttpStatusCode.Unauthorized:
            case HttpStatusCode.Forbidden when response.Headers.Contains("WWW-Authenticate"):
                await AuthoriseAsync(response, scope, offline, cancellationToken);
                return;
            default:
                throw await UnexpectedAsync(response, "/v2/", cancellationToken);
        }
    }

    /// <summary>
    /// Sends a request below <c>/v2/</c> with the login. If a challenge comes only now, it is answered once. The caller disposes the
    /// answer.
    /// </summary>
    public async Task<HttpResponseMessage> RequestAsync(
        HttpMethod method, string path, string? scope, IReadOnlyList<string> accept, CancellationToken cancellationToken)
    {
        var uri = new Uri(_origin!, path);
        var response = await wire.SendAsync(method, uri, _authorization, accept, cancellationToken);
        var onHost = response.RequestMessage!.RequestUri!.IdnHost.Equals(uri.IdnHost, StringComparison.OrdinalIgnoreCase);
        if (response.StatusCode != HttpStatusCode.Unauthorized
            || Scheme != RemoteScheme.None
            || !onHost
            || !response.Headers.Contains("WWW-Authenticate"))
        {
            return response;
        }

        // Some registries let the ping pass and challenge only requests for private content.
        using (response)
        {
            await AuthoriseAsync(response, scope, offline: false, cancellationToken);
        }

        return await wire.SendAsync(method, uri, _authorization, accept, cancellationToken);
    }

    /// <summary>Handles every status that means the same wherever it comes from.</summary>
    public async Task<FaultException> UnexpectedAsync(HttpResponseMessage response, string what, CancellationToken cancellationToken)
    {
        var (_, reason) = await WireReasonAsync(response, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests => new FaultException(
                FaultKind.RateLimited,
                $"{host} allows no more requests for now ({reason}){(login is null ? "; with a login it may allow more" : "")}"),
            >= HttpStatusCode.InternalServerError => new FaultException(FaultKind.Unreachable, $"{host} has a fault of its own ({reason})"),
            HttpStatusCode.NotFound =>
                new FaultException(FaultKind.Unusable, $"{host} is no container registry: it answers {reason} to {what}"),
            _ => new FaultException(FaultKind.Unusable, $"{host} answers {reason} to {what}"),
        };
    }

    /// <summary>The registry's own reason, without the login in case the registry repeats it.</summary>
    public async Task<(string Code, string Reason)> WireReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var (code, reason) = await RegistryWire.ReasonAsync(response, cancellationToken);
        return (code, Masked(reason));
    }

    private string Masked(string text) =>
        login is not { Password.Length: >= 4 } ? text
        : text.Replace(login.Password, "********", StringComparison.Ordinal).Replace(BasicOf(login), "********", StringComparison.Ordinal);

    private async Task<HttpResponseMessage> PingAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            _origin = origins[i];
            try
            {
                return await wire.SendAsync(HttpMethod.Get, new Uri(_origin, "/v2/"), null, [], cancellationToken);
            }
            catch (NotTlsException) when (i + 1 < origins.Count)
            {
                // A registry on this machine may use plain http. The engine allows that too.
            }
            catch (NotTlsException exception)
            {
                throw await SpeaksHttpAsync(cancellationToken)
                    ? new FaultException(
                        FaultKind.PlainHttp, $"{host} speaks plain http, over which no login is sent; it must be served with https")
                    : exception;
            }
        }
    }

    private async Task<bool> SpeaksHttpAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await wire.SendAsync(
                HttpMethod.Get, new UriBuilder(_origin!) { Scheme = Uri.UriSchemeHttp, Path = "/v2/", Port = _origin!.Port }.Uri, null, [],
                cancellationToken);
            return true;
        }
        catch (FaultException)
        {
            return false;
        }
    }

    private async Task AuthoriseAsync(HttpResponseMessage response, string? scope, bool offline, CancellationToken cancellationToken)
    {
        var headers = response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out var values) ? values.ToArray() : [];
        var challenge = Challenge.Best(headers)
            ?? throw new FaultException(FaultKind.Unusable, $"{host} wants a login and does not say which kind (neither Basic nor Bearer)");
        if (challenge.Is("Bearer"))
        {
            Scheme = RemoteScheme.Bearer;
            Token = await TokenAsync(challenge, scope, offline, cancellationToken);
            _authorization = new AuthenticationHeaderValue("Bearer", Token.Value);
            return;
        }

        if (login is null)
        {
            throw new FaultException(FaultKind.LoginRequired, $"{host} wants a login");
        }

        Scheme = RemoteScheme.Basic;
        _authorization = new AuthenticationHeaderValue("Basic", BasicOf(login));
    }

    /// <summary>https://distribution.github.io/distribution/spec/auth/token/</summary>
    private async Task<RemoteToken> TokenAsync(Challenge challenge, string? scope, bool offline, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out var realm)
            || (realm.Scheme != Uri.UriSchemeHttps && realm.Scheme != Uri.UriSchemeHttp))
        {
            throw new FaultException(FaultKind.Unusable, $"{host} names no usable place to get a token from");
        }

        // Without a login no secret can be lost, but https must not turn into http here.
        if (!realms.Allows(_origin!, realm) && (login is not null || realm.Scheme != Uri.UriSchemeHttps))
        {
            throw new FaultException(
                FaultKind.RealmRefused,
                $"{host} wants the login sent to {realm.Scheme}://{realm.Authority}, which is neither its own host nor https on its own "
                    + "domain; it was not sent. "
                + $"If that place is the registry's, the operator lists it in {RealmRule.Setting}");
        }

        var (status, code, reason, token) = await AskAsync(realm, challenge["service"], scope, offline, cancellationToken);
        if (token is not null)
        {
            return token;
        }

        switch (status)
        {
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest when login is null:
                throw new FaultException(FaultKind.LoginRequired, $"{host} gives nothing without a login ({reason})");
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest:
                // Some token servers refuse a token for what the login may not read. A request without a scope shows whether the login
                // itself is valid.
                var good = scope is not null
                    && (await AskAsync(realm, challenge["service"], null, offline: false, cancellationToken)).Token is not null;
                throw good
                    ? new FaultException(
                        FaultKind.Denied,
                        $"{host} accepts the login and gives it no right to {PathOf(scope!)}, or there is no such image ({reason})")
                    : new FaultException(FaultKind.WrongPassword, $"{host} does not accept user name and password ({reason})");
            case HttpStatusCode.TooManyRequests:
                throw new FaultException(FaultKind.RateLimited, $"{realm.Authority} gives no more tokens for now ({reason})");
            default:
                throw new FaultException(
                    status >= HttpStatusCode.InternalServerError ? FaultKind.Unreachable : FaultKind.Unusable,
                    $"{realm.Authority}, where {host} sends for tokens, "
                        + $"answers {(code.Length > 0 || status != HttpStatusCode.OK ? reason : "with no token")}");
        }
    }

    private async Task<(HttpStatusCode Status, string Code, string Reason, RemoteToken? Token)> AskAsync(
        Uri realm, string? service, string? scope, bool offline, CancellationToken cancellationToken)
    {
        List<string> query = realm.Query.Length > 1 ? [realm.Query[1..]] : [];
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                query.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }

        Add("service", service);
        Add("scope", scope);
        Add("client_id", "berth");
        Add("account", login?.User);
        Add("offline_token", offline && login is not null ? "true" : null);
        var target = new UriBuilder(realm) { Query = string.Join('&', query), Fragment = "" }.Uri;
        var basic = login is null ? null : new AuthenticationHeaderValue("Basic", BasicOf(login));
        using var response = await wire.SendAsync(HttpMethod.Get, target, basic, [], cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var (code, reason) = await WireReasonAsync(response, cancellationToken);
            return (response.StatusCode, code, reason, null);
        }

        return (HttpStatusCode.OK, "", "", Read(await RegistryWire.ReadAsync(response, LargestToken, cancellationToken)));
    }

    private RemoteToken? Read(byte[] body)
    {
        try
        {
            using var document = OutsideJson.Parse(body, default);
            var root = document.RootElement;
            var value = root.TextOf("token") ?? root.TextOf("access_token");

            // RFC 6750 section 2.1. Any other text could add a header of its own.
            if (value is not { Length: > 0 and <= LongestToken } || !value.All(c => c is > ' ' and < '\x7f'))
            {
                return null;
            }

            var life = root.TryGetProperty("expires_in", out var seconds)
                && seconds.ValueKind == JsonValueKind.Number
                && seconds.TryGetInt32(out var number)
                && number > 0
                ? TimeSpan.FromSeconds(Math.Min(number, 86400))
                : DefaultLife;
            var refresh = root.TextOf("refresh_token");
            return new RemoteToken(value, time.GetUtcNow() + life, refresh is { Length: > 0 and <= LongestToken } ? refresh : null);
        }
        catch (OutsideJsonException)
        {
            return null;
        }
    }

    private static string PathOf(string scope) => scope.Split(':') is [_, var path, ..] ? path : scope;

    private static string BasicOf(RegistryLogin login) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{login.User}:{login.Password}")));
}
