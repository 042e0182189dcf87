using Berth.Server.Http;

namespace Berth.Tests.Http;

public sealed class FoldNamesTests
{
    [Theory]
    [InlineData("/v2/acme/app/manifests/1", "/v2/acme%2Fapp/manifests/1")]
    [InlineData("/v2/acme/tools/ci/base/manifests/latest", "/v2/acme%2Ftools%2Fci%2Fbase/manifests/latest")]
    [InlineData("/v2/acme/app/blobs/sha256:aa", "/v2/acme%2Fapp/blobs/sha256:aa")]
    [InlineData("/v2/acme/app/blobs/uploads/", "/v2/acme%2Fapp/blobs/uploads/")]
    [InlineData("/v2/acme/app/blobs/uploads", "/v2/acme%2Fapp/blobs/uploads")]
    [InlineData("/v2/acme/app/blobs/uploads/0190", "/v2/acme%2Fapp/blobs/uploads/0190")]
    [InlineData("/v2/acme/app/tags/list", "/v2/acme%2Fapp/tags/list")]
    [InlineData("/v2/acme/app/referrers/sha256:aa", "/v2/acme%2Fapp/referrers/sha256:aa")]
    [InlineData("/v2/acme/manifests/blobs/manifests/tags", "/v2/acme%2Fmanifests%2Fblobs/manifests/tags")]
    [InlineData("/v2/acme/blobs/uploads/manifests/1", "/v2/acme%2Fblobs%2Fuploads/manifests/1")]
    [InlineData("/v2/acme/tags/list/tags/list", "/v2/acme%2Ftags%2Flist/tags/list")]
    [InlineData("/v2/app/manifests/1", "/v2/app/manifests/1")]
    [InlineData("/v2/", "/v2/")]
    [InlineData("/v2/acme", "/v2/acme")]
    [InlineData("/v2//manifests/1", "/v2//manifests/1")]
    [InlineData("/v2/_catalog", "/v2/_catalog")]
    [InlineData("/v2/acme/app/other/x", "/v2/acme/app/other/x")]
    public void A_name_becomes_one_segment(string path, string folded) => Assert.Equal(folded, FoldNames.Registry(path));
}
