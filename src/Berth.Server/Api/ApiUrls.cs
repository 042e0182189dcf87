using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>The absolute URLs in answers, from <c>BERTH_URL</c>.</summary>
internal sealed class ApiUrls(AddressOptions options)
{
    /// <summary>Without a slash at the end.</summary>
    public string Html { get; } = options.BaseUri.GetLeftPart(UriPartial.Authority);

    public string Api => Html + "/api/v3";

    public string User(string login) => $"{Api}/users/{login}";

    public string Organization(string login) => $"{Api}/orgs/{login}";

    public string Repository(string fullName) => $"{Api}/repos/{fullName}";

    public string Team(string organization, string slug) => $"{Api}/orgs/{organization}/teams/{slug}";
}
