using Berth.Server.Http;
using Berth.Server.Oci;

namespace Berth.Server.Registry;

/// <summary>The registry's errors: distribution-spec, "Error Codes".</summary>
internal static class RegistryErrors
{
    public static readonly ApiError BlobUnknown = new(404, "BLOB_UNKNOWN", "blob unknown to this repository");
    public static readonly ApiError BlobUploadUnknown = new(
        404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown: it was finished, cancelled, has expired, or never began");
    public static readonly ApiError DigestInvalid = new(400, "DIGEST_INVALID", "digest invalid");
    public static readonly ApiError ManifestBlobUnknown = new(
        400, "MANIFEST_BLOB_UNKNOWN", "the manifest refers to content that is not in this repository");
    public static readonly ApiError ManifestInvalid = new(400, "MANIFEST_INVALID", "manifest invalid");
    public static readonly ApiError ManifestUnknown = new(404, "MANIFEST_UNKNOWN", "manifest unknown to this repository");
    public static readonly ApiError NameInvalid = new(400, "NAME_INVALID", "invalid repository name");
    public static readonly ApiError NameUnknown = new(404, "NAME_UNKNOWN", "repository name not known to this registry");
    public static readonly ApiError SizeInvalid = new(400, "SIZE_INVALID", "the length does not match the content");
    public static readonly ApiError TooLarge = new(413, "SIZE_INVALID", "the content is larger than this registry accepts");
    public static readonly ApiError RangeInvalid = new(416, "BLOB_UPLOAD_INVALID", "the chunk does not begin where the upload stands");
    public static readonly ApiError TagInvalid = new(400, "TAG_INVALID", "invalid tag");
    public static readonly ApiError Unauthorized = new(401, "UNAUTHORIZED", "authentication required");
    public static readonly ApiError Denied = new(403, "DENIED", "requested access to the resource is denied");
    public static readonly ApiError Unsupported = new(405, "UNSUPPORTED", "the operation is unsupported");
    public static readonly ApiError PaginationInvalid = new(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested");

    /// <summary>Says what is wrong with a text that is neither tag nor digest.</summary>
    public static ApiError NotReference(string text) =>
        Reference.LooksLikeDigest(text) ? DigestInvalid.With(Digest.Rule) : TagInvalid.With(Tag.Rule);
}
