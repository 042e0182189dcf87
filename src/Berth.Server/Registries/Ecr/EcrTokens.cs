using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using Berth.Server.Faults;
using Berth.Server.Json;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Registries.Ecr;

/// <summary>
/// Exchanges an access key pair for ECR's short-lived login (<c>GetAuthorizationToken</c>), through a role if one is named. A login is
/// cached for each version of its secrets. It is renewed at half of its life, and used to its end when AWS does not answer.
/// </summary>
internal sealed class EcrTokens(RemoteHttp http, RegistryLoginOptions options, TimeProvider time)
{
    private const int LargestAnswer = 64 * 1024;
    private const int MostRemembered = 1000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, Remembered> _logins = new(StringComparer.Ordinal);

    private sealed record Remembered(RegistryLogin Login, DateTimeOffset FreshUntil);

    /// <exception cref="FaultException">AWS refused. The message names the missing permission if that is the reason.</exception>
    public async Task<RegistryLogin> LoginAsync(LoginSecrets set, EcrHost host, CancellationToken cancellationToken)
    {
        // The user name "AWS" means that the password is such a token already. It is neither exchanged nor renewed.
        if (set.User == "AWS")
        {
            return new RegistryLogin("AWS", set.Password);
        }

        var key = KeyOf(set, host);
        var now = time.GetUtcNow();
        _logins.TryGetValue(key, out var known);
        if (known is not null && known.FreshUntil > now)
        {
            return known.Login;
        }

        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Limit);
            var login = await ExchangeAsync(set, host, limit.Token);
            login = login with { RefreshAt = now + ((login.ExpiresAt!.Value - now) / 2) };
            Remember(key, login, now);
            return login;
        }
        catch (Exception exception)
            when (!cancellationToken.IsCancellationRequested
                && exception is HttpRequestException or FaultException or OperationCanceledException
            && known?.Login.ExpiresAt > now)
        {
            return known.Login;
        }
        catch (HttpRequestException exception)
        {
            throw new FaultException(
                FaultKind.ExchangeFailed,
                $"AWS ({host.Service} in {host.Region}) cannot be reached: {exception.InnerException?.Message ?? exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(
                FaultKind.ExchangeFailed, $"AWS ({host.Service} in {host.Region}) does not answer within {Limit.TotalSeconds:0} seconds");
        }
    }

    /// <summary>
    /// The key covers everything that the exchange depends on, including the secret key, so that nobody gets a login that was exchanged for
    /// another key.
    /// </summary>
    private static string KeyOf(LoginSecrets set, EcrHost host) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '\n', set.Version, set.User, set.Password, set.RoleArn, set.ExternalId, host.Account, host.Region, host.Service, host.Endpoint))));

    private void Remember(string key, RegistryLogin login, DateTimeOffset now)
    {
        if (_logins.Count >= MostRemembered)
        {
            foreach (var (old, remembered) in _logins.ToArray())
            {
                if (remembered.Login.ExpiresAt <= now || _logins.Count >= MostRemembered)
                {
                    _logins.TryRemove(old, out _);
                }
            }
        }

        _logins[key] = new Remembered(login, login.RefreshAt!.Value);
    }

    private async Task<RegistryLogin> ExchangeAsync(LoginSecrets set, EcrHost host, CancellationToken cancellationToken)
    {
        var keys = new AwsKeyPair(set.User, set.Password);
        if (set.RoleArn is { } role)
        {
            keys = await AssumeAsync(role, set.ExternalId, keys, host, cancellationToken);
        }

        var body = Encoding.UTF8.GetBytes(host.IsPublic ? "{}" : JsonSerializer.Serialize(new { registryIds = new[] { host.Account } }));
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Content-Type"] = "application/x-amz-json-1.1",
            ["X-Amz-Target"] = host.IsPublic
                ? "SpencerFrontendService.GetAuthorizationToken"
                : "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
        };
        var endpoint = string.IsNullOrEmpty(options.EcrEndpoint) ? host.Endpoint : new Uri(options.EcrEndpoint);
        var (status, text) = await SendAsync(endpoint, headers, body, keys, host.Region, host.Service, cancellationToken);
        return status == HttpStatusCode.OK ? Read(text) : throw Refused(host, keys, text);
    }

    /// <summary>https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html</summary>
    private async Task<AwsKeyPair> AssumeAsync(
        string role, string? externalId, AwsKeyPair keys, EcrHost host, CancellationToken cancellationToken)
    {
        var form = $"Action=AssumeRole&Version=2011-06-15&RoleSessionName=berth&RoleArn={Uri.EscapeDataString(role)}"
            + (externalId is null ? "" : $"&ExternalId={Uri.EscapeDataString(externalId)}");
        var endpoint = string.IsNullOrEmpty(options.EcrEndpoint)
            ? new Uri($"https://sts.{host.Region}.amazonaws.com{(host.China ? ".cn" : "")}/")
            : new Uri(options.EcrEndpoint);
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Content-Type"] = "application/x-www-form-urlencoded" };
        var (status, text) = await SendAsync(endpoint, headers, Encoding.UTF8.GetBytes(form), keys, host.Region, "sts", cancellationToken);
        if (status != HttpStatusCode.OK)
        {
            throw new FaultException(
                FaultKind.ExchangeFailed,
                $"AWS did not let {keys.AccessKeyId} assume {role}: {Element(text, "Message") ?? status.ToString()}; the role's trust "
                    + "policy must name it, and it needs sts:AssumeRole");
        }

        return new AwsKeyPair(Demand(text, "AccessKeyId"), Demand(text, "SecretAccessKey"), Demand(text, "SessionToken"));
    }

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(
        Uri endpoint, Dictionary<string, string> headers, byte[] body, AwsKeyPair keys, string region, string service,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(headers["Content-Type"]);
        foreach (var (name, value) in headers.Where(header => header.Key != "Content-Type")
            .Concat(SignatureV4.Sign(endpoint, headers, body, keys, region, service, time.GetUtcNow())))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        // The operator's own endpoint may be in a private network.
        var client = string.IsNullOrEmpty(options.EcrEndpoint) ? http.Outside : http.Own;
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LargestAnswer];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return (answer.StatusCode, Encoding.UTF8.GetString(buffer, 0, length));
    }

    /// <summary>ECR answers with a list of one login, ECR Public with the login itself.</summary>
    private static RegistryLogin Read(string text)
    {
        try
        {
            using var document = OutsideJson.Parse(text, default);
            var data = document.RootElement.GetProperty("authorizationData");
            data = data.ValueKind == JsonValueKind.Array ? data[0] : data;
            var decoded = Encoding.UTF8.GetString(Convert.FromBase64String(data.GetProperty("authorizationToken").GetString()!));
            var colon = decoded.IndexOf(':', StringComparison.Ordinal);
            var expires = DateTimeOffset.FromUnixTimeMilliseconds((long)(data.GetProperty("expiresAt").GetDouble() * 1000));
            return new RegistryLogin(decoded[..colon], decoded[(colon + 1)..], expires);
        }
        catch (Exception exception)
            when (exception is OutsideJsonException or KeyNotFoundException or InvalidOperationException or FormatException
                or ArgumentException or IndexOutOfRangeException)
        {
            throw new FaultException(FaultKind.ExchangeFailed, "AWS answered GetAuthorizationToken with something that is no token");
        }
    }

    private static FaultException Refused(EcrHost host, AwsKeyPair keys, string text)
    {
        var (type, message) = ErrorOf(text);
        var permission = host.IsPublic ? "ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken" : "ecr:GetAuthorizationToken";
        var policies = host.IsPublic
            ? "AmazonElasticContainerRegistryPublicReadOnly or …PublicPowerUser"
            : "AmazonEC2ContainerRegistryReadOnly, …PowerUser or …FullAccess";
        return new FaultException(FaultKind.ExchangeFailed, type switch
        {
            "AccessDeniedException" =>
                $"AWS denied {keys.AccessKeyId} the login: it needs {permission}, which the managed policies {policies} hold ({message})",
            "UnrecognizedClientException" or "InvalidClientTokenId" =>
                $"AWS does not know the access key {keys.AccessKeyId}: it was deleted, or is of another partition",
            "InvalidSignatureException" or "SignatureDoesNotMatch" =>
                $"AWS refused the signature of {keys.AccessKeyId}: the secret access key (…_PASSWORD) does not belong to the access key "
                    + "id (…_USER), or this server's clock is off",
            "ExpiredTokenException" or "ExpiredToken" =>
                $"the temporary key {keys.AccessKeyId} has expired; use a long-lived key pair, or …_ROLE_ARN",
            _ => $"AWS refused the login of {keys.AccessKeyId}: {type} {message}".TrimEnd(),
        });
    }

    private static (string Type, string Message) ErrorOf(string text)
    {
        try
        {
            using var document = OutsideJson.Parse(text, default);
            var type = document.RootElement.TextOf("__type") ?? "";
            var message = document.RootElement.TextOf("message");
            return (
                type[(type.LastIndexOf('#') + 1)..],
                string.IsNullOrEmpty(message) ? document.RootElement.TextOf("Message") ?? "" : message);
        }
        catch (OutsideJsonException)
        {
            return ("an answer that is no JSON", "");
        }
    }

    private static string Demand(string xml, string name) =>
        Element(xml, name)
            ?? throw new FaultException(FaultKind.ExchangeFailed, "AWS answered AssumeRole with something that is no key pair");

    private static string? Element(string xml, string name)
    {
        try
        {
            using var reader = XmlReader.Create(
                new StringReader(xml),
                new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, MaxCharactersInDocument = LargestAnswer });
            return XDocument.Load(reader).Descendants().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
