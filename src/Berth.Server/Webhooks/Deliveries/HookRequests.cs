using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Server.Api;
using Berth.Server.Cryptography;

namespace Berth.Server.Webhooks;

/// <summary>Writes the request of a delivery in the format that its hook has chosen.</summary>
internal sealed class HookRequests(MasterKey masterKey, ApiUrls urls)
{
    public const string Agent = "GitHub-Hookshot/berth";

    public HttpRequestMessage Write(HookRow hook, DeliveryRow delivery)
    {
        var cloud = hook.Format == "cloudevents";
        var form = hook.ContentType == "form" && !cloud;
        var text = cloud ? CloudEvent(delivery) : form ? "payload=" + Uri.EscapeDataString(delivery.Payload) : delivery.Payload;
        var body = Encoding.UTF8.GetBytes(text);
        var request = new HttpRequestMessage(HttpMethod.Post, hook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(
            cloud ? "application/cloudevents+json" : form ? "application/x-www-form-urlencoded" : "application/json");
        var headers = request.Headers;
        headers.UserAgent.ParseAdd(Agent);
        headers.Accept.ParseAdd("*/*");
        headers.Add("X-GitHub-Event", delivery.Event);
        headers.Add("X-GitHub-Delivery", delivery.Guid);
        headers.Add("X-GitHub-Hook-ID", hook.Id.ToString(CultureInfo.InvariantCulture));
        headers.Add("X-GitHub-Hook-Installation-Target-ID", hook.TargetId.ToString(CultureInfo.InvariantCulture));
        headers.Add("X-GitHub-Hook-Installation-Target-Type", hook.TargetType);
        if (hook.Value is { } value)
        {
            var secret = Envelope.Open(value, HookRow.Identity(hook.Id, hook.Version), masterKey);
            headers.Add("X-Hub-Signature-256", HookSignature.Sha256(secret, body));
            headers.Add("X-Hub-Signature", HookSignature.Sha1(secret, body));
        }

        return request;
    }

    // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
    private string CloudEvent(DeliveryRow delivery)
    {
        var payload = JsonNode.Parse(delivery.Payload)!.AsObject();
        var package = (payload["package"] ?? payload["registry_package"])?.AsObject();
        var cloud = new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = delivery.Guid,
            ["source"] = urls.Html,
            ["type"] = $"berth.{delivery.Event}{(delivery.Action is null ? "" : "." + delivery.Action)}",
            ["time"] = delivery.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["datacontenttype"] = "application/json",
        };
        if (package is not null)
        {
            cloud["subject"] = $"{package["namespace"]}/{package["name"]}";
        }

        cloud["data"] = payload;
        return cloud.ToJsonString();
    }
}
