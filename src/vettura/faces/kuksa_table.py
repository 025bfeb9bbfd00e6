"""The messages and services of KUKSA's three protocols, as facts: names, numbers and types.

`kuksa.val.v2`, `kuksa.val.v1` and `sdv.databroker.v1`, as kuksa-client 0.6.0 and velocitas-sdk
0.15.7 carry them; a test holds this table to theirs. A field is `name=number:type`: `*` before a
type means repeated, `{key,value}` a map, `?` explicit presence, `/name` a member of that oneof.
`<` before a message of an rpc means that the client streams, `>` that the server does. An indented
line goes on with the one above.
"""

PROTOCOLS = """
package kuksa.val.v2
enum FilterError FILTER_ERROR_CODE_UNSPECIFIED=0 FILTER_ERROR_CODE_UNKNOWN_SINGAL_ID=1
enum ProviderError CODE_UNSPECIFIED=0 CODE_NETWORK_ERROR=1 CODE_OVERLOAD=2
enum ErrorCode ERROR_CODE_UNSPECIFIED=0 ERROR_CODE_OK=1 ERROR_CODE_INVALID_ARGUMENT=2
  ERROR_CODE_NOT_FOUND=3 ERROR_CODE_PERMISSION_DENIED=4
enum DataType DATA_TYPE_UNSPECIFIED=0 DATA_TYPE_STRING=1 DATA_TYPE_BOOLEAN=2 DATA_TYPE_INT8=3
  DATA_TYPE_INT16=4 DATA_TYPE_INT32=5 DATA_TYPE_INT64=6 DATA_TYPE_UINT8=7 DATA_TYPE_UINT16=8
  DATA_TYPE_UINT32=9 DATA_TYPE_UINT64=10 DATA_TYPE_FLOAT=11 DATA_TYPE_DOUBLE=12
  DATA_TYPE_TIMESTAMP=13 DATA_TYPE_STRING_ARRAY=20 DATA_TYPE_BOOLEAN_ARRAY=21
  DATA_TYPE_INT8_ARRAY=22 DATA_TYPE_INT16_ARRAY=23 DATA_TYPE_INT32_ARRAY=24
  DATA_TYPE_INT64_ARRAY=25 DATA_TYPE_UINT8_ARRAY=26 DATA_TYPE_UINT16_ARRAY=27
  DATA_TYPE_UINT32_ARRAY=28 DATA_TYPE_UINT64_ARRAY=29 DATA_TYPE_FLOAT_ARRAY=30
  DATA_TYPE_DOUBLE_ARRAY=31 DATA_TYPE_TIMESTAMP_ARRAY=32
enum EntryType ENTRY_TYPE_UNSPECIFIED=0 ENTRY_TYPE_ATTRIBUTE=1 ENTRY_TYPE_SENSOR=2
  ENTRY_TYPE_ACTUATOR=3
message Datapoint timestamp=1:Timestamp value=2:Value
message Value string=11:string/typed_value bool=12:bool/typed_value int32=13:sint32/typed_value
  int64=14:sint64/typed_value uint32=15:uint32/typed_value uint64=16:uint64/typed_value
  float=17:float/typed_value double=18:double/typed_value string_array=21:StringArray/typed_value
  bool_array=22:BoolArray/typed_value int32_array=23:Int32Array/typed_value
  int64_array=24:Int64Array/typed_value uint32_array=25:Uint32Array/typed_value
  uint64_array=26:Uint64Array/typed_value float_array=27:FloatArray/typed_value
  double_array=28:DoubleArray/typed_value
message SampleInterval interval_ms=1:uint32
message Filter duration_ms=1:uint32 min_sample_interval=2:SampleInterval
message SignalID id=1:int32/signal path=2:string/signal
message Error code=1:ErrorCode message=2:string
message Metadata path=9:string id=10:int32 data_type=11:DataType entry_type=12:EntryType
  description=13:string comment=14:string deprecation=15:string unit=16:string
  allowed_values=17:Value min=18:Value max=19:Value min_sample_interval=20:SampleInterval
message StringArray values=1:*string
message BoolArray values=1:*bool
message Int32Array values=1:*sint32
message Int64Array values=1:*sint64
message Uint32Array values=1:*uint32
message Uint64Array values=1:*uint64
message FloatArray values=1:*float
message DoubleArray values=1:*double
message GetValueRequest signal_id=1:SignalID
message GetValueResponse data_point=1:Datapoint
message GetValuesRequest signal_ids=1:*SignalID
message GetValuesResponse data_points=1:*Datapoint
message SubscribeRequest signal_paths=1:*string buffer_size=2:uint32 filter=3:Filter
message SubscribeResponse entries=1:{string,Datapoint}
message SubscribeByIdRequest signal_ids=1:*int32 buffer_size=2:uint32 filter=3:Filter
message SubscribeByIdResponse entries=1:{int32,Datapoint}
message ActuateRequest signal_id=1:SignalID value=2:Value
message ActuateResponse
message BatchActuateRequest actuate_requests=1:*ActuateRequest
message BatchActuateResponse
message ListMetadataRequest root=1:string filter=2:string
message ListMetadataResponse metadata=1:*Metadata
message PublishValueRequest signal_id=1:SignalID data_point=2:Datapoint
message PublishValueResponse
message PublishValuesRequest request_id=1:uint32 data_points=2:{int32,Datapoint}
message PublishValuesResponse request_id=1:uint32 status=2:{int32,Error}
message ProvideActuationRequest actuator_identifiers=1:*SignalID
message ProvideActuationResponse
message ProvideSignalRequest signals_sample_intervals=1:{int32,SampleInterval}
message ProvideSignalResponse
message BatchActuateStreamRequest actuate_requests=1:*ActuateRequest
message BatchActuateStreamResponse signal_id=1:SignalID error=2:Error
message UpdateFilterRequest request_id=1:uint32 filters_update=2:{int32,Filter}
message UpdateFilterResponse request_id=1:uint32 filter_error=2:FilterError
message ProviderErrorIndication provider_error=1:ProviderError
message GetProviderValueRequest request_id=1:uint32 signal_ids=2:*int32
message GetProviderValueResponse request_id=1:uint32 entries=2:{int32,Datapoint}
message OpenProviderStreamRequest provide_actuation_request=1:ProvideActuationRequest/action
  publish_values_request=2:PublishValuesRequest/action
  batch_actuate_stream_response=3:BatchActuateStreamResponse/action
  provide_signal_request=4:ProvideSignalRequest/action
  update_filter_response=5:UpdateFilterResponse/action
  get_provider_value_response=6:GetProviderValueResponse/action
  provider_error_indication=7:ProviderErrorIndication/action
message OpenProviderStreamResponse provide_actuation_response=1:ProvideActuationResponse/action
  publish_values_response=2:PublishValuesResponse/action
  batch_actuate_stream_request=3:BatchActuateStreamRequest/action
  provide_signal_response=4:ProvideSignalResponse/action
  update_filter_request=5:UpdateFilterRequest/action
  get_provider_value_request=6:GetProviderValueRequest/action
message GetServerInfoRequest
message GetServerInfoResponse name=1:string version=2:string commit_hash=3:string
service VAL
rpc GetValue GetValueRequest GetValueResponse
rpc GetValues GetValuesRequest GetValuesResponse
rpc Subscribe SubscribeRequest >SubscribeResponse
rpc SubscribeById SubscribeByIdRequest >SubscribeByIdResponse
rpc Actuate ActuateRequest ActuateResponse
rpc ActuateStream <ActuateRequest ActuateResponse
rpc BatchActuate BatchActuateRequest BatchActuateResponse
rpc ListMetadata ListMetadataRequest ListMetadataResponse
rpc PublishValue PublishValueRequest PublishValueResponse
rpc OpenProviderStream <OpenProviderStreamRequest >OpenProviderStreamResponse
rpc GetServerInfo GetServerInfoRequest GetServerInfoResponse
package kuksa.val.v1
enum DataType DATA_TYPE_UNSPECIFIED=0 DATA_TYPE_STRING=1 DATA_TYPE_BOOLEAN=2 DATA_TYPE_INT8=3
  DATA_TYPE_INT16=4 DATA_TYPE_INT32=5 DATA_TYPE_INT64=6 DATA_TYPE_UINT8=7 DATA_TYPE_UINT16=8
  DATA_TYPE_UINT32=9 DATA_TYPE_UINT64=10 DATA_TYPE_FLOAT=11 DATA_TYPE_DOUBLE=12
  DATA_TYPE_TIMESTAMP=13 DATA_TYPE_STRING_ARRAY=20 DATA_TYPE_BOOLEAN_ARRAY=21
  DATA_TYPE_INT8_ARRAY=22 DATA_TYPE_INT16_ARRAY=23 DATA_TYPE_INT32_ARRAY=24
  DATA_TYPE_INT64_ARRAY=25 DATA_TYPE_UINT8_ARRAY=26 DATA_TYPE_UINT16_ARRAY=27
  DATA_TYPE_UINT32_ARRAY=28 DATA_TYPE_UINT64_ARRAY=29 DATA_TYPE_FLOAT_ARRAY=30
  DATA_TYPE_DOUBLE_ARRAY=31 DATA_TYPE_TIMESTAMP_ARRAY=32
enum EntryType ENTRY_TYPE_UNSPECIFIED=0 ENTRY_TYPE_ATTRIBUTE=1 ENTRY_TYPE_SENSOR=2
  ENTRY_TYPE_ACTUATOR=3
enum View VIEW_UNSPECIFIED=0 VIEW_CURRENT_VALUE=1 VIEW_TARGET_VALUE=2 VIEW_METADATA=3
  VIEW_FIELDS=10 VIEW_ALL=20
enum Field FIELD_UNSPECIFIED=0 FIELD_PATH=1 FIELD_VALUE=2 FIELD_ACTUATOR_TARGET=3
  FIELD_METADATA=10 FIELD_METADATA_DATA_TYPE=11 FIELD_METADATA_DESCRIPTION=12
  FIELD_METADATA_ENTRY_TYPE=13 FIELD_METADATA_COMMENT=14 FIELD_METADATA_DEPRECATION=15
  FIELD_METADATA_UNIT=16 FIELD_METADATA_VALUE_RESTRICTION=17 FIELD_METADATA_ACTUATOR=20
  FIELD_METADATA_SENSOR=30 FIELD_METADATA_ATTRIBUTE=40
message DataEntry path=1:string value=2:Datapoint actuator_target=3:Datapoint metadata=10:Metadata
message Datapoint timestamp=1:Timestamp string=11:string/value bool=12:bool/value
  int32=13:sint32/value int64=14:sint64/value uint32=15:uint32/value uint64=16:uint64/value
  float=17:float/value double=18:double/value string_array=21:StringArray/value
  bool_array=22:BoolArray/value int32_array=23:Int32Array/value int64_array=24:Int64Array/value
  uint32_array=25:Uint32Array/value uint64_array=26:Uint64Array/value
  float_array=27:FloatArray/value double_array=28:DoubleArray/value
message Metadata data_type=11:DataType entry_type=12:EntryType description=13:string?
  comment=14:string? deprecation=15:string? unit=16:string? value_restriction=17:ValueRestriction
  actuator=20:Actuator/entry_specific sensor=30:Sensor/entry_specific
  attribute=40:Attribute/entry_specific
message Actuator
message Sensor
message Attribute
message ValueRestriction string=21:ValueRestrictionString/type signed=22:ValueRestrictionInt/type
  unsigned=23:ValueRestrictionUint/type floating_point=24:ValueRestrictionFloat/type
message ValueRestrictionInt min=1:sint64? max=2:sint64? allowed_values=3:*sint64
message ValueRestrictionUint min=1:uint64? max=2:uint64? allowed_values=3:*uint64
message ValueRestrictionFloat min=1:double? max=2:double? allowed_values=3:*double
message ValueRestrictionString allowed_values=3:*string
message Error code=1:uint32 reason=2:string message=3:string
message DataEntryError path=1:string error=2:Error
message StringArray values=1:*string
message BoolArray values=1:*bool
message Int32Array values=1:*sint32
message Int64Array values=1:*sint64
message Uint32Array values=1:*uint32
message Uint64Array values=1:*uint64
message FloatArray values=1:*float
message DoubleArray values=1:*double
message EntryRequest path=1:string view=2:View fields=3:*Field
message GetRequest entries=1:*EntryRequest
message GetResponse entries=1:*DataEntry errors=2:*DataEntryError error=3:Error
message EntryUpdate entry=1:DataEntry fields=2:*Field
message SetRequest updates=1:*EntryUpdate
message SetResponse error=1:Error errors=2:*DataEntryError
message StreamedUpdateRequest updates=1:*EntryUpdate
message StreamedUpdateResponse error=1:Error errors=2:*DataEntryError
message SubscribeEntry path=1:string view=2:View fields=3:*Field
message SubscribeRequest entries=1:*SubscribeEntry
message SubscribeResponse updates=1:*EntryUpdate
message GetServerInfoRequest
message GetServerInfoResponse name=1:string version=2:string
service VAL
rpc Get GetRequest GetResponse
rpc Set SetRequest SetResponse
rpc StreamedUpdate <StreamedUpdateRequest >StreamedUpdateResponse
rpc Subscribe SubscribeRequest >SubscribeResponse
rpc GetServerInfo GetServerInfoRequest GetServerInfoResponse
package sdv.databroker.v1
enum DataType STRING=0 BOOL=1 INT8=2 INT16=3 INT32=4 INT64=5 UINT8=6 UINT16=7 UINT32=8 UINT64=9
  FLOAT=10 DOUBLE=11 TIMESTAMP=12 STRING_ARRAY=20 BOOL_ARRAY=21 INT8_ARRAY=22 INT16_ARRAY=23
  INT32_ARRAY=24 INT64_ARRAY=25 UINT8_ARRAY=26 UINT16_ARRAY=27 UINT32_ARRAY=28 UINT64_ARRAY=29
  FLOAT_ARRAY=30 DOUBLE_ARRAY=31 TIMESTAMP_ARRAY=32
enum DatapointError UNKNOWN_DATAPOINT=0 INVALID_TYPE=1 ACCESS_DENIED=2 INTERNAL_ERROR=3
  OUT_OF_BOUNDS=4
enum ChangeType STATIC=0 ON_CHANGE=1 CONTINUOUS=2
message StringArray values=1:*string
message BoolArray values=1:*bool
message Int32Array values=1:*sint32
message Int64Array values=1:*sint64
message Uint32Array values=1:*uint32
message Uint64Array values=1:*uint64
message FloatArray values=1:*float
message DoubleArray values=1:*double
enum Datapoint.Failure INVALID_VALUE=0 NOT_AVAILABLE=1 UNKNOWN_DATAPOINT=2 ACCESS_DENIED=3
  INTERNAL_ERROR=4
message Datapoint timestamp=1:Timestamp failure_value=10:Datapoint.Failure/value
  string_value=11:string/value bool_value=12:bool/value int32_value=13:sint32/value
  int64_value=14:sint64/value uint32_value=15:uint32/value uint64_value=16:uint64/value
  float_value=17:float/value double_value=18:double/value string_array=21:StringArray/value
  bool_array=22:BoolArray/value int32_array=23:Int32Array/value int64_array=24:Int64Array/value
  uint32_array=25:Uint32Array/value uint64_array=26:Uint64Array/value
  float_array=27:FloatArray/value double_array=28:DoubleArray/value
message Metadata id=1:int32 name=4:string data_type=5:DataType change_type=6:ChangeType
  description=7:string
message GetDatapointsRequest datapoints=1:*string
message GetDatapointsReply datapoints=1:{string,Datapoint}
message SetDatapointsRequest datapoints=1:{string,Datapoint}
message SetDatapointsReply errors=1:{string,DatapointError}
message SubscribeRequest query=2:string
message SubscribeReply fields=1:{string,Datapoint}
message GetMetadataRequest names=1:*string
message GetMetadataReply list=1:*Metadata
service Broker
rpc GetDatapoints GetDatapointsRequest GetDatapointsReply
rpc SetDatapoints SetDatapointsRequest SetDatapointsReply
rpc Subscribe SubscribeRequest >SubscribeReply
rpc GetMetadata GetMetadataRequest GetMetadataReply
message UpdateDatapointsRequest datapoints=1:{int32,Datapoint}
message UpdateDatapointsReply errors=1:{int32,DatapointError}
message StreamDatapointsRequest datapoints=1:{int32,Datapoint}
message StreamDatapointsReply errors=1:{int32,DatapointError}
message RegisterDatapointsRequest list=1:*RegistrationMetadata
message RegistrationMetadata name=1:string data_type=2:DataType description=3:string
  change_type=4:ChangeType
message RegisterDatapointsReply results=1:{string,int32}
service Collector
rpc RegisterDatapoints RegisterDatapointsRequest RegisterDatapointsReply
rpc UpdateDatapoints UpdateDatapointsRequest UpdateDatapointsReply
rpc StreamDatapoints <StreamDatapointsRequest >StreamDatapointsReply
"""
